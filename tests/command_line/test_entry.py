"""How a command ends: with which status, and with which words."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from stages.cli import run as nouns
from stages.cli.entry import main
from stages.cli.replay import POLICIES, _spread
from stages.machine.errors import DataError, GateError
from stages.replay.schedule import Policy
from tests.command_line.project import Project

HEAVY = {"numpy", "pandas", "dvc", "mlflow", "sklearn", "torch", "pydantic", "hydra", "rich"}


def imported(root: Path, *arguments: str) -> set[str]:
    """The modules that a process has imported after a call of the command line."""
    code = (
        "import sys; from stages.cli.entry import main; main(sys.argv[1:]); "
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_imports_nothing_heavy(root: Path) -> None:
    found = imported(root, "--help")
    assert "stages.cli.loop" in found
    assert not found & HEAVY


def test_a_verb_imports_its_own_file_alone(root: Path) -> None:
    found = {name for name in imported(root, "push", "--help") if name.startswith("stages.cli.")}
    own = {"entry", "group", "parameters", "remote", "table", "verb"}
    assert found == {f"stages.cli.{name}" for name in own}


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (DataError("no mail", expected="some", fix="bring some"), 2),
        (GateError("worse", expected="better", fix="more mail"), 3),
        (OSError(28, "No space left on device", "data/x"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_what_a_person_can_fix_is_one_line(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    status: int,
) -> None:
    assert fails_with(raised, project, monkeypatch) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"spamline summary: .+\n", err)


@pytest.mark.parametrize(
    "raised", [ValueError("a bug"), EOFError("a bug"), OSError(9, "a bug"), BrokenPipeError(32, "")]
)
def test_a_bug_keeps_its_traceback(
    project: Project, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    with pytest.raises(type(raised)) as caught:
        fails_with(raised, project, monkeypatch)
    assert caught.value is raised


def fails_with(raised: BaseException, project: Project, monkeypatch: pytest.MonkeyPatch) -> int:
    def fail() -> None:
        raise raised

    monkeypatch.chdir(project.folder)
    monkeypatch.setattr(nouns.summary, "callback", fail)
    return main(["summary"])


def test_an_interrupted_command_says_so_in_one_line(project: Project) -> None:
    verdict = project.folder / "verdict.json"
    os.mkfifo(verdict)
    process = project.start("history", str(verdict))
    # It waits for the other end of the pipe, then for what comes out of it.
    with verdict.open("w"):
        # Python drops an interrupt that arrives while a finalizer runs: people press it again.
        for _ in range(3):
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                out, err = process.communicate(timeout=20)
                break
        else:
            # Left behind, it would fail whichever test finds it.
            process.kill()
            out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert err.startswith("spamline history: interrupted; ")
    assert err.count("\n") == 1


def test_a_reader_who_has_gone_is_no_error(project: Project) -> None:
    for arguments in (["--help"], ["params"]):
        process = project.start(*arguments)
        assert process.stdout
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (141, "")


@pytest.mark.parametrize("words", ["--help", "params source=files"])
def test_a_full_output_is_one_line(project: Project, words: str) -> None:
    done = shell(project, f"python -m stages {words} >/dev/full")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"spamline \S+: No space left on device; expected .+\n", done.stderr)


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_closed_streams_are_held(project: Project, closed: str) -> None:
    (project.folder / "params.yaml").unlink()
    done = shell(project, f"python -m stages params source=files {closed}")
    assert (done.returncode, done.stderr) == (0, "")
    # A file that took the place of a stream would have got what is printed.
    assert (project.folder / "params.yaml").read_text().startswith("# Generated")
    done = shell(project, f"python -m stages params unknown=1 {closed}")
    assert (done.returncode, done.stdout) == (2, "")


def test_an_output_without_our_characters_gets_others(project: Project) -> None:
    done = shell(project, "python -m stages params source=\u00e9\u4e16", PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert re.fullmatch(r"spamline params: .+\n", done.stderr)
    assert r"\xe9\u4e16" in done.stderr
    done = shell(project, "python -m stages params $'source=\\xff'")
    assert done.returncode == 2
    assert re.fullmatch(r"spamline params: .+\n", done.stderr)


def shell(project: Project, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in the project."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-c", line],
        cwd=project.folder,
        env=project.environment | {"PATH": path} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_only_one_place_asks_the_clock(root: Path) -> None:
    clock = re.compile(r"\.now\(|\.today\(|\.utcnow\(|time\.time\(")
    asking = [path for path in (root / "stages").rglob("*.py") if clock.search(path.read_text())]
    # The others ask how old a file is that they may remove, which no result depends on.
    kept = {root / "stages/model/embedding_cache.py", root / "stages/stores/parts.py"}
    assert set(asking) - kept == {root / "stages/cli/parameters.py"}


def test_the_policies_are_those_of_a_replay() -> None:
    assert tuple(Policy) == POLICIES


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("--policies never drift", "--policies never --policies drift"),
        ("--policies never source=files", "--policies never source=files"),
        ("--policies never drift --step 1 size=small", None),
        ("source=files --policies always", "source=files --policies always"),
        ("--policies never --policies drift", "--policies never --policies drift"),
        ("--policies=never", "--policies=never"),
        ("--policies", "--policies"),
        ("--policies --step 1", "--policies --step 1"),
    ],
)
def test_policies_take_the_words_after_them(given: str, read: str | None) -> None:
    expected = read or "--policies never --policies drift --step 1 size=small"
    assert " ".join(_spread(given.split())) == expected
