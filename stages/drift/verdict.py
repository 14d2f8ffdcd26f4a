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
import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stages.config import Drift
from stages.drift.carriers import Carrier
from stages.drift.causes import Explanation
from stages.drift.comparison import Comparison, Statistic
from stages.drift.estimate import Estimate
from stages.drift.quality import Quality
from stages.drift.reasons import (
    cause_sentence,
    quality_sentence,
    scores_sentence,
    size_sentence,
    statistic_sentence,
    vote_sentence,
)


class Decision(StrEnum):
    """What to do about a window."""

    NOT_ENOUGH_MAIL = "not_enough_mail"
    NO_DRIFT = "no_drift"
    CHANGED = "changed"
    DRIFT = "drift"


@dataclass(frozen=True)
class Subject:
    """What a verdict is about.

    Attributes:
        model: the champion's digest.
        window_from: first day.
        window_to: the day after the last.
        messages: in the window.
        copies: how many of them are near copies of others, and set aside.
        reference_messages: in the champion's reference.
        predicted_spam_share: of the window, 0-1.
    """

    model: str
    window_from: dt.date
    window_to: dt.date
    messages: int
    copies: int
    reference_messages: int
    predicted_spam_share: float


@dataclass(frozen=True)
class Why:
    """What a person looks at when mail has changed: the cause, and the messages that carry it."""

    explanation: Explanation
    carriers: tuple[Carrier, ...]


@dataclass(frozen=True)
class Verdict:
    """The decision on one window, with everything it rests on.

    Attributes:
        decision: see `Decision`.
        subject: model, window and sample sizes.
        judged_by: the limits: quorum, false-alarm rate, what makes a change matter.
        comparison: the statistics; None where there was not enough mail.
        quality: realised quality; None where too few labels are known.
        scores: the model's scores and the error they imply; None where there was not enough mail.
        why: None where mail did not change.
        reasons: plain sentences, the deciding one first.
    """

    decision: Decision
    subject: Subject
    judged_by: Drift
    comparison: Comparison | None
    quality: Quality | None
    scores: Estimate | None
    reasons: tuple[str, ...]
    why: Why | None = None

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """The statistics; empty where there was not enough mail."""
        return self.comparison.statistics if self.comparison else ()

    @property
    def votes(self) -> int:
        """How many statistics are beyond their thresholds."""
        return self.comparison.votes if self.comparison else 0

    def explained(self, why: Why) -> Verdict:
        """Return the verdict with what a person looks at, and the cause behind the first reason."""
        first, *others = self.reasons
        reasons = (first, cause_sentence(why.explanation), *others)
        return dataclasses.replace(self, why=why, reasons=reasons)

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain values; no time, no run id."""
        subject = self.subject
        return {
            "decision": self.decision.value,
            "changed": self.decision in (Decision.CHANGED, Decision.DRIFT),
            "matters": self.decision is Decision.DRIFT,
            "reasons": list(self.reasons),
            "model": subject.model,
            "window": {
                "from": subject.window_from.isoformat(),
                "to": subject.window_to.isoformat(),
                "messages": subject.messages,
                "copies": subject.copies,
                "predicted_spam_share": subject.predicted_spam_share,
            },
            "reference": {
                "messages": subject.reference_messages,
                "usual_windows": self.comparison.usual_windows if self.comparison else None,
            },
            "votes": self.votes,
            "quorum": self.judged_by.quorum,
            "false_alarm_rate": self.judged_by.false_alarm_rate,
            "effect_floor": self.judged_by.effect_floor,
            "unusual_rate": self.judged_by.unusual_rate,
            "max_log_loss_rise": self.judged_by.max_log_loss_rise,
            "max_estimated_rise_percent": self.judged_by.max_estimated_rise_percent,
            "p_value": self.comparison.vote_p_value if self.comparison else None,
            "statistics": {
                statistic.name: {
                    key: value
                    for key, value in dataclasses.asdict(statistic).items()
                    if key != "name"
                }
                for statistic in self.statistics
            },
            "quality": dataclasses.asdict(self.quality) if self.quality else None,
            "scores": dataclasses.asdict(self.scores) if self.scores else None,
            "cause": self.why.explanation.cause if self.why else None,
            "explanation": dataclasses.asdict(self.why.explanation) if self.why else None,
            "carriers": [dataclasses.asdict(c) for c in self.why.carriers] if self.why else [],
        }


def not_enough_mail(subject: Subject, quality: Quality | None, drift: Drift) -> Verdict | None:
    """Return the verdict that there is too little mail to compare, or None where there is enough.

    The reference must be as large as a window must: one that small is no sample of a model's past.
    """
    for what, messages in (
        ("window", subject.messages - subject.copies),
        ("production model's reference", subject.reference_messages),
    ):
        if messages < drift.min_window:
            reason = (
                f"The {what} holds {messages} distinct messages; "
                f"at least {drift.min_window} are needed for a verdict."
            )
            decision = Decision.NOT_ENOUGH_MAIL
            return Verdict(decision, subject, drift, None, quality, None, (reason,))
    return None


def judge(
    subject: Subject,
    comparison: Comparison,
    quality: Quality | None,
    scores: Estimate,
    drift: Drift,
) -> Verdict:
    """Return the verdict on a window with enough mail; only a change that matters is drift.

    A change matters where at least `quorum` statistics lie beyond their floors, or where it hurts
    the model: the realised log loss is surely more than `max_log_loss_rise` above the holdout's or,
    while nobody has labelled the window, the estimated error more than
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
        *map(statistic_sentence, comparison.statistics),
    )
    return Verdict(decision, subject, drift, comparison, quality, scores, reasons)
