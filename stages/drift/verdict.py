"""The verdict: whether mail changed, whether that matters, and why, in sentences with numbers.

enough mail? -no-> not_enough_mail
    | yes
does the calibrated vote fire? -no-> no_drift
    | yes
beyond the usual difference, or hurting the model? -no-> changed
    | yes
  drift                                                  (this one alone retrains)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from stages.config import Drift
from stages.drift.comparison import Comparison
from stages.drift.reasons import (
    cause_sentence,
    quality_sentence,
    scores_sentence,
    size_sentence,
    statistic_sentence,
    vote_sentence,
)
from stages.records.decision import Decision
from stages.records.verdict import (
    Carrier,
    Explanation,
    JudgedAgainst,
    JudgedWindow,
    Quality,
    Scores,
    Verdict,
)


@dataclass(frozen=True)
class Subject:
    """What a verdict is about.

    Attributes:
        model: the champion's digest.
        window: the window.
        reference_messages: in the champion's reference.
    """

    model: str
    window: JudgedWindow
    reference_messages: int


def not_enough_mail(subject: Subject, quality: Quality | None, drift: Drift) -> Verdict | None:
    """Return the verdict that there is too little mail to compare, or None where there is enough.

    The reference must be as large as a window must be: a smaller one says too little about the
    mail that the model knows.
    """
    for what, messages in (
        ("window", subject.window.messages - (subject.window.copies or 0)),
        ("production model's reference", subject.reference_messages),
    ):
        if messages < drift.min_window:
            reason = (
                f"The {what} holds {messages} distinct messages; "
                f"at least {drift.min_window} are needed for a verdict."
            )
            return _verdict(Decision.NOT_ENOUGH_MAIL, subject, drift, None, quality, (reason,))
    return None


def verdict_on(
    subject: Subject,
    comparison: Comparison,
    quality: Quality | None,
    scores: Scores,
    drift: Drift,
) -> Verdict:
    """Return the verdict on a window with enough mail; only a change that matters is drift.

    A change matters where at least `quorum` statistics lie beyond their floors, or where it hurts
    the model: the realised log loss is surely more than `max_log_loss_rise` above the holdout's or,
    while the window has no labels, the estimated error more than
    `max_estimated_rise_percent` above the reference's.
    """
    large = comparison.unusual >= drift.quorum
    hurts = (
        scores.hurts(drift.max_estimated_rise_percent)
        if quality is None
        else quality.hurts(drift.max_log_loss_rise)
    )
    decision = Decision.NO_DRIFT
    if comparison.votes >= drift.quorum:
        decision = Decision.DRIFT if large or hurts else Decision.CHANGED
    reasons = (
        vote_sentence(comparison, drift),
        size_sentence(comparison, drift),
        quality_sentence(quality, drift),
        scores_sentence(scores, drift, counts=quality is None),
        *(statistic_sentence(*named) for named in comparison.statistics.items()),
    )
    verdict = _verdict(decision, subject, drift, comparison, quality, reasons)
    return dataclasses.replace(verdict, scores=scores)


def explained(verdict: Verdict, explanation: Explanation, carriers: Sequence[Carrier]) -> Verdict:
    """Return `verdict` with what explains the change, said behind the first reason.

    Args:
        verdict: that the mail has changed.
        explanation: the cause, and the tests behind it.
        carriers: the messages that carry the change, the first most.
    """
    first, *others = verdict.reasons
    return dataclasses.replace(
        verdict,
        reasons=(first, cause_sentence(explanation), *others),
        cause=explanation.cause,
        explanation=explanation,
        carriers=tuple(carriers),
    )


def _verdict(
    decision: Decision,
    subject: Subject,
    drift: Drift,
    comparison: Comparison | None,
    quality: Quality | None,
    reasons: tuple[str, ...],
) -> Verdict:
    usual_windows = comparison.usual_windows if comparison else None
    return Verdict(
        decision=decision,
        changed=decision.changed,
        matters=decision is Decision.DRIFT,
        reasons=reasons,
        model=subject.model,
        window=subject.window,
        reference=JudgedAgainst(subject.reference_messages, usual_windows),
        votes=comparison.votes if comparison else 0,
        quorum=drift.quorum,
        false_alarm_rate=drift.false_alarm_rate,
        effect_floor=drift.effect_floor,
        unusual_rate=drift.unusual_rate,
        max_log_loss_rise=drift.max_log_loss_rise,
        max_estimated_rise_percent=drift.max_estimated_rise_percent,
        p_value=comparison.vote_p_value if comparison else None,
        statistics=comparison.statistics if comparison else {},
        quality=quality,
    )
