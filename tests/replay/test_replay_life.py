"""A life's order of things, in a workspace that answers at once: retrained, refused, killed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from stages import config
from stages.drift.window import ScoredWindow
from stages.machine.errors import DataError
from stages.records.decision import Decision
from stages.records.holdout import Counts
from stages.records.interval import Interval
from stages.records.pointer import Pointer
from stages.records.receipt import GateDecision, Receipt
from stages.records.verdict import Verdict
from stages.replay.life import Life
from stages.replay.record import Record, Retraining
from stages.replay.schedule import Policy, spans
from tests.drift.drift_samples import sample
from tests.stores.history_samples import on_week

START, WEEK = dt.date(2024, 1, 29), dt.timedelta(days=7)
BASE = config.Window(dt.date(2024, 1, 1), START, 7, START, START + WEEK, None)
GUARDS = config.Guards(confirm_windows=1, confirm_of=1, cool_down_days=14)
FIRST = Pointer("spamline", "a" * 64, None)
EDGES = spans(START, START + 4 * WEEK, 7)


class StandIn:
    """Answers as a workspace does; each window has the decision that the test names.

    Attributes:
        done: what was asked of it, with the model in production.
    """

    def __init__(
        self, folder: Path, decisions: Sequence[str | None], *, accepts: bool = True
    ) -> None:
        self.folder, self._decisions, self._accepts = folder, decisions, accepts
        self.cpu_seconds = 0.0
        self.done: list[tuple[str, str]] = []
        self.production = FIRST

    def produce(self, pointer: Pointer) -> None:
        self.production = pointer

    def fetch(self, window: config.Window) -> None:
        self.cpu_seconds += 1.0
        if self._decision(window) is None:
            raise DataError("the batch holds no messages", expected="some", fix="-")

    def score(self, window: config.Window) -> tuple[Verdict, ScoredWindow]:
        self.cpu_seconds += 1.0
        self.done.append(("score", str(window.until)))
        decision, model = self._decision(window), self.production.model
        assert decision is not None and model is not None
        verdict = dataclasses.replace(
            on_week(str(window.batch_from), str(window.batch_to)),
            decision=Decision(decision),
            model=model,
        )
        mail = sample(np.random.default_rng(0), 4, [0])
        labels = np.asarray(["ham", "spam", None, "spam"], dtype=object)
        called = np.asarray([False, True, False, False])
        return verdict, ScoredWindow(
            mail, "e", labels, called.astype(float), called, called, {}, {}
        )

    def learn(self, window: config.Window) -> Receipt:
        self.cpu_seconds += 10.0
        self.done.append(("learn", str(window.until)))
        model = f"{window.until.toordinal():064x}"
        metrics = {
            "one_minus_auc_percent": Interval(0.25, 0.2, 0.3),
            "log_loss": Interval(0.05, 0.04, 0.06),
        }
        counts = Counts(ham=300, spam=100)
        gate = GateDecision(self._accepts, ["the gate's first sentence"])
        return Receipt("spamline", model, {}, counts, metrics, 0.95, self.production.model, gate)

    def _decision(self, window: config.Window) -> str | None:
        return self._decisions[(window.batch_from - START).days // 7]


def lived(policy: Policy, workspace: StandIn) -> list[Record]:
    life = Life(policy, workspace, BASE, GUARDS, FIRST)  # type: ignore[arg-type]
    return [record for record, _ in life.live(EDGES)]


def test_a_drifting_window_retrains_and_the_next_is_scored_by_the_new_model(tmp_path: Path) -> None:
    workspace = StandIn(tmp_path, ["changed", "drift", "no_drift", "drift"])
    records = lived(Policy.DRIFT, workspace)
    second = str(START + 2 * WEEK)
    assert workspace.done == [
        ("score", str(START)),
        ("score", str(START)),
        ("learn", second),
        ("score", second),
        # The last one drifts as well, but nobody would be scored by what is learned from it.
        ("score", second),
    ]
    promoted = Retraining(True, "(1-AUC)% is 0.25 on its holdout")
    assert [record.retraining for record in records] == [None, promoted, None, None]
    models = [record.verdict.model for record in records if record.verdict]
    assert models[:2] == [FIRST.model] * 2
    assert models[2:] == [records[1].production.model] * 2
    assert records[1].production.previous == FIRST.model
    assert [record.retraining_cpu_seconds for record in records] == [0, 11, 0, 0]


def test_a_refused_candidate_changes_nothing(tmp_path: Path) -> None:
    workspace = StandIn(tmp_path, ["drift"] * 4, accepts=False)
    records = lived(Policy.ALWAYS, workspace)
    assert {record.production for record in records} == {FIRST}
    assert {record.until for record in records} == {START}
    refused = Retraining(False, "the gate's first sentence")
    assert [record.retraining for record in records] == [refused] * 3 + [None]


def test_a_window_without_mail_is_lived_through(tmp_path: Path) -> None:
    workspace = StandIn(tmp_path, ["no_drift", None, "no_drift", "no_drift"])
    records = lived(Policy.ALWAYS, workspace)
    assert [record.verdict is None for record in records] == [False, True, False, False]
    impossible = Retraining(False, "the batch holds no messages")
    assert records[0].retraining == impossible
    assert records[1].retraining is not None
    assert records[1].retraining.promoted


def test_a_promotion_that_was_not_written_down_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the promotion and its record: the window is lived again, as the first time."""
    workspace = StandIn(tmp_path, ["no_drift", "drift", "no_drift", "no_drift"])
    whole = lived(Policy.DRIFT, StandIn(tmp_path / "whole", workspace._decisions))

    def full(*_: object) -> None:
        raise OSError("no space left")

    life = Life(Policy.DRIFT, workspace, BASE, GUARDS, FIRST)  # type: ignore[arg-type]
    living = life.live(EDGES)
    next(living)
    monkeypatch.setattr("stages.replay.life.write_record", full)
    with pytest.raises(OSError, match="no space left"):
        next(living)
    monkeypatch.undo()
    workspace.produce(Pointer("spamline", "f" * 64, FIRST.model))
    workspace.done.clear()
    assert lived(Policy.DRIFT, workspace) == whole
    assert workspace.done[0] == ("score", str(START))
    assert len(workspace.done) == 4


def test_drift_that_persists_after_a_retraining_does_not_retrain_at_once(tmp_path: Path) -> None:
    records = lived(Policy.DRIFT, StandIn(tmp_path, ["drift"] * 4))
    assert [record.action for record in records] == [
        "retrain",
        "persistent",
        "retrain",
        "persistent",
    ]
    assert [record.retraining is not None for record in records] == [True, False, True, False]
