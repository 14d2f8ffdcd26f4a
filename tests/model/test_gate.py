from typing import Any

import pytest

from stages.config import Gate
from stages.model.gate import decide
from tests.registry.samples import interval

GATE = Gate(
    max_one_minus_auc_percent=2.0,
    min_recall_at_1_percent=0.7,
    min_recall=0.5,
    max_ham_false_positive_rate=0.02,
    max_regression_percent=0.5,
    min_holdout=30,
)


def metrics(
    *,
    spam: int = 100,
    loss: float | None = 0.66,
    recall: float | None = 0.9,
    caught: float | None = 0.9,
    lost: float | None = 0.004,
    regression: float | None = None,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "holdout": {"ham": 300, "spam": spam},
        "candidate": {
            "model": "c" * 64,
            "one_minus_auc_percent": _interval(loss),
            "recall_at_ham_fpr_1_percent": _interval(recall),
            "recall": _interval(caught),
            "ham_false_positive_rate": _interval(lost),
        },
        "champion": None,
        "difference": None,
    }
    if regression is not None:
        found["champion"] = {"model": "d" * 64}
        found["difference"] = {"one_minus_auc_percent": interval(regression)}
    return found


def _interval(value: float | None) -> dict[str, float | None]:
    return {"value": None, "low": None, "high": None} if value is None else {**interval(value)}


def test_good_candidate_passes_and_every_check_gives_its_numbers() -> None:
    decision = decide(metrics(regression=-0.2), GATE)
    assert decision.accepted
    assert len(decision.reasons) == 6
    assert any("0.66 [0.56, 0.76]" in reason for reason in decision.reasons)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (metrics(spam=29), "300 ham and 29 spam; at least 30"),
        (metrics(loss=2.1), "2.1 [2, 2.2]; at most 2"),
        (metrics(loss=None), "unknown"),
        (metrics(recall=0.69), "at least 0.7"),
        (metrics(recall=None), "unknown"),
        # A threshold beyond every probability: the ranking is perfect, the verdicts are useless.
        (metrics(caught=0.0), "catch 0 [-0.1, 0.1] of the spam; at least 0.5"),
        (metrics(lost=0.03), "of the ham; at most 0.02"),
        (metrics(regression=0.45), "reach 0.5 at most"),
    ],
)
def test_each_guard_refuses_and_its_reason_comes_first(bad: dict[str, Any], reason: str) -> None:
    decision = decide(bad, GATE)
    assert not decision.accepted
    assert reason in decision.reasons[0]


def test_regression_is_judged_by_the_far_end_of_its_interval() -> None:
    assert decide(metrics(regression=0.39), GATE).accepted
    assert not decide(metrics(regression=0.41), GATE).accepted


def test_a_champion_that_has_seen_the_holdout_refuses_nobody() -> None:
    found = metrics(regression=5.0)
    assert not decide(found, GATE).accepted
    found["champion"]["saw_holdout"] = True
    decision = decide(found, GATE)
    assert decision.accepted
    assert any("has learned from days of this holdout" in reason for reason in decision.reasons)


def test_first_candidate_has_no_champion_to_regress_from() -> None:
    decision = decide(metrics(), GATE)
    assert decision.accepted
    assert "there is no champion to compare with" in decision.reasons
