"""The gate: whether a candidate may go into production, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stages.config import Gate
from stages.model.metrics import HAM_LOST, ONE_MINUS_AUC, RECALL, RECALL_AT_1
from stages.records.holdout import Counts
from stages.records.interval import Interval
from stages.records.receipt import GateDecision, Receipt, candidate_receipt
from stages.records.report import Report


@dataclass(frozen=True)
class Check:
    """One thing that the gate looked at: whether it passed, and a sentence with the numbers."""

    passed: bool
    reason: str


def judge(report: Report, *, name: str, data: Mapping[str, str], gate: Gate) -> Receipt:
    """Return the receipt of the candidate that was evaluated, with the gate's decision on it.

    Args:
        report: what evaluate found.
        name: the registered model's name.
        data: the SHA-256 of each split that made or judged the model.
        gate: the thresholds.
    """
    return candidate_receipt(name, report, data=data, gate=decide(report, gate))


def decide(report: Report, gate: Gate) -> GateDecision:
    """Return whether the candidate of `report` passes `gate`.

    A number that could not be computed (null) refuses: the gate fails closed.
    """
    found = report.candidate.metrics
    checks = [
        _enough_holdout(report.holdout, gate.min_holdout),
        _low_loss(found[ONE_MINUS_AUC.name], gate.max_one_minus_auc_percent),
        _high_recall(found[RECALL_AT_1.name], gate.min_recall_at_1_percent),
        _useful_verdicts(found[RECALL.name], gate.min_recall),
        _harmless_verdicts(found[HAM_LOST.name], gate.max_ham_false_positive_rate),
        _no_regression(report, gate.max_regression_percent),
    ]
    refusals_first = sorted(checks, key=lambda check: check.passed)
    return GateDecision(
        accepted=all(check.passed for check in checks),
        reasons=[check.reason for check in refusals_first],
    )


def _enough_holdout(holdout: Counts, minimum: int) -> Check:
    ham, spam = holdout.ham, holdout.spam
    return Check(
        min(ham, spam) >= minimum,
        f"the holdout has {ham} ham and {spam} spam; at least {minimum} of each are needed",
    )


def _low_loss(loss: Interval, maximum: float) -> Check:
    value = loss.value
    return Check(
        value is not None and value <= maximum,
        f"{ONE_MINUS_AUC.title} is {loss:g}; at most {maximum:g} is allowed",
    )


def _high_recall(recall: Interval, minimum: float) -> Check:
    value = recall.value
    return Check(
        value is not None and value >= minimum,
        f"spam recall at 1 % ham false positives is {recall:g}; at least {minimum:g} is needed",
    )


def _useful_verdicts(recall: Interval, minimum: float) -> Check:
    value = recall.value
    return Check(
        value is not None and value >= minimum,
        f"the verdicts catch {recall:g} of the spam; at least {minimum:g} is needed",
    )


def _harmless_verdicts(lost: Interval, maximum: float) -> Check:
    value = lost.value
    return Check(
        value is not None and value <= maximum,
        f"the verdicts lose {lost:g} of the ham; at most {maximum:g} is allowed",
    )


def _no_regression(report: Report, maximum: float) -> Check:
    """Check the far end of the interval: a small holdout must not hide a worse candidate."""
    if report.champion is None or report.difference is None:
        return Check(True, "there is no champion to compare with")
    difference = report.difference[ONE_MINUS_AUC.name]
    if report.champion.saw_holdout:
        return Check(
            True,
            f"{ONE_MINUS_AUC.title} differs from the champion's by {difference:g}, which does "
            "not refuse it: the champion has learned from days of this holdout",
        )
    high = difference.high
    return Check(
        high is not None and high <= maximum,
        f"{ONE_MINUS_AUC.title} differs from the champion's by {difference:g}; "
        f"the interval may reach {maximum:g} at most",
    )
