import dataclasses

import pytest

from stages.config import Gate
from stages.model.gate import decide
from stages.model.metrics import HAM_LOST, ONE_MINUS_AUC, RECALL, RECALL_AT_1
from stages.records.holdout import Counts
from stages.records.interval import Interval
from stages.records.report import ModelReport, Report
from tests.registry.samples import interval

GATE = Gate(
    max_one_minus_auc_percent=2.0,
    min_recall_at_1_percent=0.7,
    min_recall=0.5,
    max_ham_false_positive_rate=0.02,
    max_regression_percent=0.5,
    min_holdout=30,
)


def report(
    *,
    spam: int = 100,
    loss: float | None = 0.66,
    recall: float | None = 0.9,
    caught: float | None = 0.9,
    lost: float | None = 0.004,
    regression: float | None = None,
    saw_holdout: bool = False,
) -> Report:
    metrics = {
        ONE_MINUS_AUC.name: _interval(loss),
        RECALL_AT_1.name: _interval(recall),
        RECALL.name: _interval(caught),
        HAM_LOST.name: _interval(lost),
    }
    found = Report(
        confidence=0.95,
        holdout=Counts(ham=300, spam=spam),
        candidate=ModelReport("c" * 64, 0.5, metrics),
        champion=None,
        difference=None,
        slices={},
    )
    if regression is None:
        return found
    return dataclasses.replace(
        found,
        champion=ModelReport("d" * 64, 0.5, metrics, saw_holdout),
        difference={ONE_MINUS_AUC.name: interval(regression)},
    )


def _interval(value: float | None) -> Interval:
    return Interval(None, None, None) if value is None else interval(value)


def test_good_candidate_passes_and_every_check_gives_its_numbers() -> None:
    decision = decide(report(regression=-0.2), GATE)
    assert decision.accepted
    assert len(decision.reasons) == 6
    assert any("0.66 [0.56, 0.76]" in reason for reason in decision.reasons)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (report(spam=29), "300 ham and 29 spam; at least 30"),
        (report(loss=2.1), "2.1 [2, 2.2]; at most 2"),
        (report(loss=None), "unknown"),
        (report(recall=0.69), "at least 0.7"),
        (report(recall=None), "unknown"),
        # A threshold beyond every probability: the ranking is perfect, the verdicts are useless.
        (report(caught=0.0), "catch 0 [-0.1, 0.1] of the spam; at least 0.5"),
        (report(lost=0.03), "of the ham; at most 0.02"),
        (report(regression=0.45), "reach 0.5 at most"),
    ],
)
def test_each_guard_refuses_and_its_reason_comes_first(bad: Report, reason: str) -> None:
    decision = decide(bad, GATE)
    assert not decision.accepted
    assert reason in decision.reasons[0]


def test_regression_is_judged_by_the_far_end_of_its_interval() -> None:
    assert decide(report(regression=0.39), GATE).accepted
    assert not decide(report(regression=0.41), GATE).accepted


def test_a_champion_that_has_seen_the_holdout_refuses_nobody() -> None:
    assert not decide(report(regression=5.0), GATE).accepted
    decision = decide(report(regression=5.0, saw_holdout=True), GATE)
    assert decision.accepted
    assert any("has learned from days of this holdout" in reason for reason in decision.reasons)


def test_first_candidate_has_no_champion_to_regress_from() -> None:
    decision = decide(report(), GATE)
    assert decision.accepted
    assert "there is no champion to compare with" in decision.reasons
