"""What is printed of strangers' words is shown, and neither a terminal nor a workflow obeys it."""

from __future__ import annotations

import io
import os
import pty
import re
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from stages.cli import run as nouns
from stages.cli.entry import main
from stages.forge.actions import hand_on, summarise
from stages.machine.console import (
    _duration,
    _rate,
    logging_to,
    note,
    say,
    shown,
    track,
    visible,
)
from stages.machine.errors import DataError
from stages.machine.variables import GITHUB_OUTPUT, GITHUB_STEP_SUMMARY
from stages.review.literal import literal, plain
from stages.run.experiments import print_rows

# A colour, a window's title, a bell, C1, a turned direction, ends of lines, commands of a workflow.
HOSTILE = (
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\a\b\x00\x7f",
    "\x9b31m",
    "\x85",
    "abc\u202edcba\u2066x\u200f",
    "line\nline\r\x0b\x0c\x1c\u2028\u2029",
    "\n::error::x",
    "::set-output name=a::b",
    " \t::add-mask::e",
    "##[error]x",
    "a ##[add-mask]b",
    "\udc80.csv",
    "\U000e0041",
)
HARMLESS = ("Grüße aus Köln", "a\tb", "http://[::1]:9", "### title", "👩‍👩‍👧", "می‌خواهم", "")


def signs(out: str) -> list[str]:
    """What of the lines `out` no letter is."""
    return [sign for sign in out if sign not in "\n\t" and not sign.isprintable()]


def obeyed(out: str) -> list[str]:
    """What of the lines `out` a terminal or GitHub's runner would act upon."""
    lines = [line for line in out.split("\n") if line.lstrip().startswith("::") or "##[" in line]
    return signs(out) + lines


@pytest.mark.parametrize("text", HOSTILE)
def test_what_would_be_obeyed_is_written_out(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(text)
    note(text)
    say(f"fetch: {text}")
    list(track(range(2), doing=text, total=2))
    with logging_to(io.StringIO()):
        say(text)
    out, err = capsys.readouterr()
    assert (out.count("\n"), err.count("\n")) == (2, 3)
    assert not obeyed(out)
    assert not obeyed(err)
    assert visible(visible(text)) == visible(text) != text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_an_escape_is_legible() -> None:
    assert visible("\x1b[31m\u202e\n") == r"\x1b[31m\u202e\n"
    assert visible("::error::x") == r"\x3a:error::x"
    assert visible("##[error]x") == r"\x23#[error]x"


@pytest.mark.parametrize("text", [*HOSTILE, "[red]x[/red]", "[/]", ":warning:", "[link=http://x]y"])
def test_a_table_shows_what_its_cells_hold(text: str) -> None:
    out = io.StringIO()
    print_rows([[text] * 20], Console(file=out))
    table = Table("a")
    table.add_row(shown(text))
    console = Console(file=out, width=200)
    console.print(table)
    console.print(shown(text))
    assert not obeyed(out.getvalue())
    assert visible(text).strip() in out.getvalue()


@pytest.mark.parametrize("text", HOSTILE)
def test_an_error_is_one_clean_line(
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def fail() -> None:
        raise DataError(text, expected=text, fix=text)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(nouns.summary, "callback", fail)
    assert main(["summary"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert not obeyed(err)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("words", [["{}"], ["embed", "{}"], ["window", "--as-of", "{}"], ["--{}"]])
def test_a_hostile_argument_is_quoted_and_not_obeyed(
    words: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.format(text) for word in words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err
    assert not obeyed(err)


def test_a_progress_bar_on_a_terminal_is_no_markup() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, logging_to(terminal):
        list(track(range(3), doing="[red]x\x07[/red]", total=3))
    seen = os.read(ours, 10_000).decode()
    os.close(ours)
    assert r"[red]x\x07[/red]" in seen
    assert "\x07" not in seen


def test_an_output_of_a_step_cannot_begin_another(tmp_path: Path) -> None:
    path = tmp_path / "output"
    hand_on("refused", "true", {GITHUB_OUTPUT: str(path)})
    hand_on("title", "x\npwned=1\r\npwned<<EOF\nEOF", {GITHUB_OUTPUT: str(path)})
    lines = path.read_text().splitlines()
    assert lines[0] == "refused=true"
    assert [line.split("=")[0] for line in lines] == ["refused", "title"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_summary_of_a_workflow_shows_text_as_it_is(text: str, tmp_path: Path) -> None:
    path = tmp_path / "summary"
    summarise(f"- {plain(text)}\n- {literal(text)}", {GITHUB_STEP_SUMMARY: str(path)})
    assert not signs(path.read_text())
    assert path.read_text().count("\n") == 2


@pytest.mark.parametrize(
    ("speed", "told"), [(1234.6, "1,235 a second"), (1.0, "1 a second"), (0.05, "3.0 a minute")]
)
def test_a_rate_is_what_a_person_would_say(speed: float, told: str) -> None:
    assert _rate(speed) == told


@pytest.mark.parametrize(
    ("seconds", "told"), [(3, "3 s"), (110, "110 s"), (125, "2 min"), (5400, "1.5 h")]
)
def test_a_time_to_wait_is_what_a_person_would_say(seconds: float, told: str) -> None:
    assert _duration(seconds) == told


def test_a_log_says_how_fast_it_goes_and_how_long_it_takes() -> None:
    log = io.StringIO()
    with logging_to(log):
        list(track(range(20), doing="embed", total=20))
        list(track(range(20), doing="fetch", total=20, every=60.0))
    first, *_, last = log.getvalue().splitlines()
    assert re.fullmatch(r"embed: 2/20, [\d,]+ a second, 0 s left", first)
    assert re.fullmatch(r"embed: 20/20, [\d,]+ a second", last)
