"""The gate: whether a candidate may go into production, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stages.config import Gate
from stages.records.receipt import GateDecision, Receipt, candidate_receipt

Interval = Mapping[str, float | None]


@dataclass(frozen=True)
class Check:
    """One thing that the gate looked at: whether it passed, and a sentence with the numbers."""

    passed: bool
    reason: str


def judge(metrics: Mapping[str, Any], *, name: str, data: Mapping[str, str], gate: Gate) -> Receipt:
    """Return the receipt of the candidate that was evaluated, with the gate's decision on it.

    Args:
        metrics: what evaluate found, `data/evaluate/metrics.json`.
        name: the registered model's name.
        data: the SHA-256 of each split that made or judged the model.
        gate: the thresholds.
    """
    return candidate_receipt(name, metrics, data=data, gate=decide(metrics, gate))


def decide(metrics: Mapping[str, Any], gate: Gate) -> GateDecision:
    """Return whether the candidate of `metrics` (`data/evaluate/metrics.json`) passes `gate`.

    A number that could not be computed (null) refuses: the gate fails closed.
    """
    candidate = metrics["candidate"]
    checks = [
        _enough_holdout(metrics["holdout"], gate.min_holdout),
        _low_loss(candidate["one_minus_auc_percent"], gate.max_one_minus_auc_percent),
        _high_recall(candidate["recall_at_ham_fpr_1_percent"], gate.min_recall_at_1_percent),
        _useful_verdicts(candidate["recall"], gate.min_recall),
        _harmless_verdicts(candidate["ham_false_positive_rate"], gate.max_ham_false_positive_rate),
        _no_regression(metrics, gate.max_regression_percent),
    ]
    refusals_first = sorted(checks, key=lambda check: check.passed)
    return GateDecision(
        accepted=all(check.passed for check in checks),
        reasons=[check.reason for check in refusals_first],
    )


def _enough_holdout(holdout: Mapping[str, int], minimum: int) -> Check:
    ham, spam = holdout["ham"], holdout["spam"]
    return Check(
        min(ham, spam) >= minimum,
        f"the holdout has {ham} ham and {spam} spam; at least {minimum} of each are needed",
    )


def _low_loss(loss: Interval, maximum: float) -> Check:
    value = loss["value"]
    return Check(
        value is not None and value <= maximum,
        f"(1-AUC)% is {_shown(loss)}; at most {maximum:g} is allowed",
    )


def _high_recall(recall: Interval, minimum: float) -> Check:
    value = recall["value"]
    return Check(
        value is not None and value >= minimum,
        f"spam recall at 1 % ham false positives is {_shown(recall)}; "
        f"at least {minimum:g} is needed",
    )


def _useful_verdicts(recall: Interval, minimum: float) -> Check:
    value = recall["value"]
    return Check(
        value is not None and value >= minimum,
        f"the verdicts catch {_shown(recall)} of the spam; at least {minimum:g} is needed",
    )


def _harmless_verdicts(lost: Interval, maximum: float) -> Check:
    value = lost["value"]
    return Check(
        value is not None and value <= maximum,
        f"the verdicts lose {_shown(lost)} of the ham; at most {maximum:g} is allowed",
    )


def _no_regression(metrics: Mapping[str, Any], maximum: float) -> Check:
    """Check the far end of the interval: a small holdout must not hide a worse candidate."""
    if metrics["champion"] is None:
        return Check(True, "there is no champion to compare with")
    difference = metrics["difference"]["one_minus_auc_percent"]
    if metrics["champion"].get("saw_holdout"):
        return Check(
            True,
            f"(1-AUC)% differs from the champion's by {_shown(difference)}, which does not "
            "refuse it: the champion has learned from days of this holdout",
        )
    high = difference["high"]
    return Check(
        high is not None and high <= maximum,
        f"(1-AUC)% differs from the champion's by {_shown(difference)}; "
        f"the interval may reach {maximum:g} at most",
    )


def _shown(interval: Interval) -> str:
    value, low, high = (
        "unknown" if interval[key] is None else f"{interval[key]:g}"
        for key in ("value", "low", "high")
    )
    return f"{value} [{low}, {high}]"
