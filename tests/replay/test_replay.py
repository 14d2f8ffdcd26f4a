"""The parts of a replay: its windows, what it keeps, and what the lives came to."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from benchmarks.replay_results import COMPUTE, RESULT, ReplayCosts, ReplayResults
from stages import config
from stages.loop.guards import Action
from stages.machine.errors import ConfigError, DataError
from stages.machine.files import write_json
from stages.records.decision import Decision
from stages.records.holdout import Holdout
from stages.records.interval import Interval
from stages.records.pointer import Pointer
from stages.replay.figure import draw, strip_words
from stages.replay.outcome import (
    NO_MAIL,
    Confusion,
    read_outcomes,
    write_compute,
    write_outcomes,
)
from stages.replay.record import (
    Record,
    Retraining,
    Scored,
    read_record,
    read_scored,
    write_record,
)
from stages.replay.replay import _begin
from stages.replay.results import Lived, compute, results
from stages.replay.schedule import Policy, Span, spans
from stages.replay.table import HEAD, rows
from stages.replay.workspace import _read_trained
from tests.stores.history_samples import VERDICT

MODEL = "a" * 64
GOLDEN = Path(__file__).parent / "golden"
DAY = dt.date(2024, 1, 1)
EVALUATION = config.Evaluation(resamples=100, confidence=0.9)


def record(number: int, decision: str | None = "no_drift", **changes: Any) -> Record:
    start = DAY + dt.timedelta(days=7 * number)
    window = dataclasses.replace(VERDICT.window, messages=40)
    verdict = decision and dataclasses.replace(
        VERDICT, decision=Decision(decision), model=MODEL, reasons=("because",), window=window
    )
    made = Record(
        start=start,
        end=start + dt.timedelta(days=7),
        verdict=verdict or None,
        action=Action.NONE,
        retraining=None,
        production=Pointer("spamline", MODEL, None, Holdout(300, 100, 0.1 + 0.2, 0.1, 0.01)),
        until=DAY,
        cpu_seconds=1.25,
        retraining_cpu_seconds=0.0,
    )
    return dataclasses.replace(made, **changes)


def scored(*, wrong: int = 0, spam: int = 20) -> Scored:
    """Forty messages, of which the first `wrong` ham and the first `wrong` spam are mistaken."""
    labels = np.arange(40) < spam
    probability = np.where(labels, 0.9, 0.1) + np.arange(40) / 1000
    for first in (0, spam):
        probability[first : first + wrong] = 1.0 - probability[first : first + wrong]
    return Scored(labels, probability, probability >= 0.5)


def lives() -> dict[Policy, Lived]:
    promoted, refused = Retraining(True, "good"), Retraining(False, "worse")
    no_spam, no_mail = scored(spam=0), record(3, None)
    return {
        Policy.NEVER: [
            (record(0), scored(wrong=2)),
            (record(1, "drift"), scored(wrong=4)),
            (record(2, "changed"), no_spam),
            (no_mail, None),
        ],
        Policy.DRIFT: [
            (record(0), scored(wrong=2)),
            (record(1, "drift", retraining=promoted, retraining_cpu_seconds=9.0), scored(wrong=1)),
            (record(2, "drift", retraining=refused), no_spam),
            (no_mail, None),
        ],
    }


def test_windows_are_whole_steps_within_the_stream() -> None:
    week = dt.timedelta(days=7)
    assert spans(DAY, DAY + 3 * week, 7)[-1] == Span(DAY + 2 * week, DAY + 3 * week)
    assert len(spans(DAY, DAY + 3 * week - dt.timedelta(days=1), 7)) == 2
    for end, days in ((DAY, 7), (DAY + week, 8), (DAY + week, 0)):
        with pytest.raises(ConfigError, match="--from, --to or --step"):
            spans(DAY, end, days)


@pytest.mark.parametrize("days", [-(2**63), -1, 0, 10**9, 2**63])
def test_a_step_that_no_calendar_has_is_one_line(days: int) -> None:
    with pytest.raises(ConfigError, match="no window of"):
        spans(dt.date.min, dt.date.max, days)


@pytest.mark.parametrize("action", list(Action))
def test_the_policy_of_drift_heeds_the_guards(action: Action) -> None:
    assert Policy.DRIFT.retrains(action) == (action is Action.RETRAIN)
    assert Policy.ALWAYS.retrains(action)
    assert not Policy.NEVER.retrains(action)


def test_a_window_comes_back_as_it_was_and_counts_with_its_seal(tmp_path: Path) -> None:
    kept = record(0, "drift", retraining=Retraining(True, "good"))
    assert read_record(tmp_path, kept.start) is None
    write_record(tmp_path, kept, scored(wrong=3))
    assert read_record(tmp_path, kept.start) == kept
    found = read_scored(tmp_path, kept.start)
    assert found is not None
    for name, values in vars(scored(wrong=3)).items():
        np.testing.assert_array_equal(getattr(found, name), values)
    seal = tmp_path / f"{kept.start}.json"
    seal.write_text(seal.read_text()[:-20])
    assert read_record(tmp_path, kept.start) is None


def test_a_window_without_mail_has_no_messages(tmp_path: Path) -> None:
    write_record(tmp_path, record(0, None), None)
    assert read_record(tmp_path, DAY) == record(0, None)
    assert read_scored(tmp_path, DAY) is None


def test_results_and_seconds_have_the_bytes_that_earlier_ones_had(tmp_path: Path) -> None:
    write_outcomes(tmp_path / "results.json", results(lives(), EVALUATION, seed=1))
    write_compute(tmp_path / "compute.json", compute(lives()))
    for name in ("results.json", "compute.json"):
        assert (tmp_path / name).read_bytes() == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("content", ["{}[", '{"never": {"windows": []}}', '{"sometimes": {}}'])
def test_what_is_no_replays_results_is_reported_with_the_fix(tmp_path: Path, content: str) -> None:
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(DataError, match=r"results.json cannot be read.*make replay"):
        read_outcomes(tmp_path / "results.json")


def test_the_committed_measurement_is_written_as_it_was_read(tmp_path: Path) -> None:
    for document, path in ((ReplayResults, RESULT), (ReplayCosts, COMPUTE)):
        document.read(path).write(tmp_path / path.name)
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_windows_are_told_one_by_one_and_those_without_spam_have_no_loss() -> None:
    windows = results(lives(), EVALUATION, seed=1)[Policy.NEVER].windows
    assert [window.decision for window in windows] == ["no_drift", "drift", "changed", "no_mail"]
    first, second, third, last = windows
    losses = [window.metrics.get("one_minus_auc_percent") for window in (first, second)]
    assert losses[0] and losses[1]
    assert 0 < losses[0] < losses[1]
    assert first.confusion == Confusion(ham=20, spam=20, ham_lost=2, spam_missed=2)
    assert set(third.metrics.values()) == {None}
    assert len(third.metrics) == 3
    assert (last.messages, last.model, last.confusion) == (0, None, None)


def test_totals_are_of_all_messages_and_compared_with_never() -> None:
    found = results(lives(), EVALUATION, seed=1)
    never, drift = (found[policy].total for policy in (Policy.NEVER, Policy.DRIFT))
    assert never.confusion == Confusion(ham=80, spam=40, ham_lost=6, spam_missed=6)
    assert (drift.promoted, drift.refused) == (1, 1)
    assert (never.promoted, never.refused) == (0, 0)
    assert never.against_never and drift.against_never
    assert never.against_never["f1"] == Interval(0, 0, 0)
    improved = drift.against_never["one_minus_auc_percent"].value
    assert improved and improved < 0
    alone = results({Policy.DRIFT: lives()[Policy.DRIFT]}, EVALUATION, seed=1)
    assert alone[Policy.DRIFT].total.against_never is None


def test_a_stream_of_one_class_or_of_nothing_cannot_be_judged() -> None:
    for lived, counts in (
        ([(record(0), scored(spam=0))], "40 labelled ham and 0 labelled spam"),
        ([(record(0, None), None)], "0 labelled ham and 0 labelled spam"),
    ):
        with pytest.raises(DataError, match=f"{counts}.*--from"):
            results({Policy.NEVER: lived}, EVALUATION, seed=1)


def test_the_table_names_each_policy_with_what_it_costs() -> None:
    cells = rows(results(lives(), EVALUATION, seed=1), compute(lives()))
    assert [len(row) for row in cells] == [len(HEAD)] * 2
    assert [row[0] for row in cells] == ["never", "on drift"]
    assert [row[-2:] for row in cells] == [("0", "5"), ("1, 1 refused", "14")]


def test_the_same_results_give_the_same_figure(tmp_path: Path) -> None:
    found = results(lives(), EVALUATION, seed=1)
    for name in ("first.svg", "second.svg"):
        draw(found, tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("first.svg", "second.svg"))
    assert first == second
    assert b"<svg" in first


@pytest.mark.parametrize(
    ("decision", "action", "words"),
    [
        (NO_MAIL, Action.NONE, "no mail"),
        (Decision.NO_DRIFT, Action.NONE, "no drift"),
        (Decision.NOT_ENOUGH_MAIL, Action.NONE, "not enough\nmail"),
        (Decision.DRIFT, Action.RETRAIN, "drift"),
        (Decision.DRIFT, Action.COOLING_DOWN, "drift\ncooling down"),
    ],
)
def test_the_figure_says_the_verdict_and_what_held_it_back(
    decision: Decision | Literal["no_mail"], action: Action, words: str
) -> None:
    window = results(lives(), EVALUATION, seed=1)[Policy.NEVER].windows[0]
    assert strip_words(dataclasses.replace(window, decision=decision, action=action))[0] == words


def test_a_folder_with_other_files_is_left_alone_and_an_earlier_replay_is_replaced(
    tmp_path: Path,
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match=r"holds files, but no replay.*--scratch"):
        _begin(tmp_path, "key")
    (tmp_path / "thesis.txt").unlink()
    _begin(tmp_path, "key")
    write_json(tmp_path / "never/windows/2024-01-01.json", {})
    _begin(tmp_path, "key")
    assert (tmp_path / "never").exists()
    _begin(tmp_path, "another")
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"model": "../x", "cpu_seconds": 1}'])
def test_what_is_not_known_of_a_training_is_done_again(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    assert _read_trained(tmp_path / "x.json") is None
