"""Which window a day is about, and that `conf/` and `params.yaml` say so."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from pathlib import Path

import pytest
import yaml

from stages import config
from stages.loop.clock import day_of
from stages.loop.editing import with_dates
from stages.loop.window import after, name_of, newest_whole, set_window
from stages.machine.errors import ConfigError
from stages.machine.variables import REPLAY
from stages.records.layout import Layout


@pytest.fixture
def window(root: Path) -> config.Window:
    """Until 2002-08-19, batches of a week from there."""
    return dataclasses.replace(
        config.load(root / "params.yaml").window,
        until=dt.date(2002, 8, 19),
        batch_from=dt.date(2002, 8, 19),
        batch_to=dt.date(2002, 8, 26),
    )


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2002-08-26", "2002-08-19_2002-08-26"),
        ("2002-09-01", "2002-08-19_2002-08-26"),
        ("2002-09-02", "2002-08-26_2002-09-02"),
        ("2002-12-02", "2002-11-25_2002-12-02"),
    ],
)
def test_a_day_is_about_the_newest_window_that_is_over(
    window: config.Window, day: str, name: str
) -> None:
    found = newest_whole(window, dt.date.fromisoformat(day))
    assert found is not None
    assert name_of(found) == name
    assert found.until == window.until
    # And looked for again from there, on an earlier day too, it is the same.
    assert newest_whole(found, dt.date.fromisoformat(day)) == found
    assert newest_whole(found, window.batch_to) == window


@pytest.mark.parametrize("day", ["2002-08-19", "2002-08-25"])
def test_no_window_is_over_yet(window: config.Window, day: str) -> None:
    assert newest_whole(window, dt.date.fromisoformat(day)) is None


def test_a_day_of_the_history_is_refused(window: config.Window) -> None:
    with pytest.raises(ConfigError, match="2002-08-18 lies before 2002-08-19"):
        newest_whole(window, dt.date(2002, 8, 18))


def test_after_a_retraining_the_batch_is_history(window: config.Window) -> None:
    moved = after(window)
    assert (moved.until, moved.batch_from) == (window.batch_to, window.batch_to)
    assert moved.batch_to - moved.batch_from == window.batch_to - window.batch_from
    assert (moved.start, moved.holdout_days) == (window.start, window.holdout_days)


@pytest.fixture
def conf(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "conf", tmp_path / "conf"))


def test_conf_and_params_agree_and_people_keep_their_words(
    conf: Path, window: config.Window, tmp_path: Path
) -> None:
    path = conf / "source/spamassassin.yaml"
    before = path.read_text().splitlines()
    moved = after(after(window))
    set_window(moved, Layout(tmp_path))
    assert config.load(tmp_path / "params.yaml").window == moved
    config.check_composition(tmp_path / "params.yaml", conf)
    differing = [
        line for line, old in zip(path.read_text().splitlines(), before, strict=True) if line != old
    ]
    assert [line.split(":")[0].strip() for line in differing] == ["until", "batch_from", "batch_to"]


def test_a_window_that_another_file_overrides_is_refused_and_nothing_moves(
    conf: Path, window: config.Window, tmp_path: Path
) -> None:
    size = conf / "size/full.yaml"
    size.write_text(size.read_text() + 'window:\n  until: "2002-08-18"\n')
    before = (conf / "source/spamassassin.yaml").read_text()
    with pytest.raises(ConfigError, match=r"window\.until is 2002-08-18 whatever"):
        set_window(after(window), Layout(tmp_path))
    assert (conf / "source/spamassassin.yaml").read_text() == before
    assert not (tmp_path / "params.yaml").exists()


def test_a_source_whose_file_names_no_dates_is_refused(
    conf: Path, window: config.Window, tmp_path: Path
) -> None:
    path = conf / "source/spamassassin.yaml"
    text = path.read_text().replace('until: "2002-08-19"', "until: soon")
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"no date for window\.until"):
        set_window(window, Layout(tmp_path))
    assert path.read_text() == text


# Everything that a YAML library would lay out anew.
ALIGNED = """\
# Unsere Post, ältere zuerst.
source: {kind:   files, paths: [ "a",  'b' ]}
%s

last:  yes
"""
EDGES = {
    "until": dt.date(2024, 3, 11),
    "batch_from": dt.date(2024, 3, 11),
    "batch_to": dt.date(2024, 3, 18),
}
BLOCK = """\
window:      # Mondays
      start:        "2024-01-01"
      until:        '2024-03-04'      # was 2024-03-04 at first
      # The next line has no quotes.
      batch_from:   2024-03-04
      batch_to:     "2024-03-11"
"""
FLOW = "window: {until: '2024-03-04',  batch_from: \"2024-03-04\", batch_to:   2024-03-11}"


@pytest.mark.parametrize("block", [BLOCK, FLOW], ids=["block", "flow"])
def test_nothing_but_the_dates_changes(block: str) -> None:
    text = ALIGNED % block
    written = with_dates(text, "window", EDGES, Path("x.yaml"))
    found = yaml.safe_load(written)["window"]
    assert {name: str(found[name]) for name in EDGES} == {n: str(d) for n, d in EDGES.items()}
    differing = [i for i, (old, new) in enumerate(zip(text, written, strict=True)) if old != new]
    assert 0 < len(differing) <= 6
    assert with_dates(written, "window", EDGES, Path("x.yaml")) == written


@pytest.mark.parametrize(
    "text",
    [
        "until: &edge '2024-03-04'\nwindow: {until: *edge, batch_from: *edge, batch_to: *edge}",
        "window: {until: soon, batch_from: '2024-03-04', batch_to: '2024-03-11'}",
        "window: 2024-03-04",
        "- window",
        "",
    ],
)
def test_a_date_that_is_not_in_its_place_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"x.yaml names no date for window\."):
        with_dates(text, "window", EDGES, Path("x.yaml"))


def test_what_is_not_yaml_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"x\.yaml cannot be read") as caught:
        with_dates("window: [", "window", EDGES, Path("x.yaml"))
    assert "\n" not in str(caught.value)


def test_a_replay_lives_through_a_past_corpus_day_by_day() -> None:
    replay: dict[str, str] = {REPLAY: "2026-12-01:2002-08-26"}
    assert day_of(dt.date(2026, 12, 1), replay) == dt.date(2002, 8, 26)
    assert day_of(dt.date(2026, 12, 9), replay) == dt.date(2002, 9, 3)
    assert day_of(dt.date(2026, 12, 9), {}) == dt.date(2026, 12, 9)


@pytest.mark.parametrize(
    "replay",
    [
        *("yesterday", "2026-12-01", "2026-12-10:2002-08-26", "a:b:c"),
        "0001-01-01:9999-12-31",
    ],
)
def test_a_replay_that_is_none_is_one_line(replay: str) -> None:
    with pytest.raises(ConfigError, match=REPLAY):
        day_of(dt.date(2026, 12, 9), {REPLAY: replay})


def test_a_window_beyond_what_a_window_may_be_is_one_line(window: config.Window) -> None:
    with pytest.raises(ConfigError, match="is not one"):
        newest_whole(window, dt.date.max)
    late = dataclasses.replace(window, batch_to=dt.date(2199, 12, 31))
    with pytest.raises(ConfigError, match="is not one"):
        after(late)
