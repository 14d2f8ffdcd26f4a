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
from stages.drift.comparison import Comparison, Statistic
from stages.drift.quality import Quality
from stages.drift.reasons import (
    quality_sentence,
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
class Verdict:
    """The decision on one window, with everything it rests on.

    Attributes:
        decision: see `Decision`.
        subject: model, window and sample sizes.
        judged_by: the limits: quorum, false-alarm rate, what makes a change matter.
        comparison: the statistics; None where there was not enough mail.
        quality: realised quality; None where too few labels are known.
        reasons: plain sentences, the deciding one first.
    """

    decision: Decision
    subject: Subject
    judged_by: Drift
    comparison: Comparison | None
    quality: Quality | None
    reasons: tuple[str, ...]

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """The statistics; empty where there was not enough mail."""
        return self.comparison.statistics if self.comparison else ()

    @property
    def votes(self) -> int:
        """How many statistics are beyond their thresholds."""
        return sum(statistic.voted for statistic in self.statistics)

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
            "max_realised_loss_percent": self.judged_by.max_realised_loss_percent,
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
            return Verdict(decision, subject, drift, None, quality, (reason,))
    return None


def judge(
    subject: Subject, comparison: Comparison, quality: Quality | None, drift: Drift
) -> Verdict:
    """Return the verdict on a window with enough mail; only a change that matters is drift.

    A change matters where at least `quorum` statistics lie beyond `effect_floor` times the usual
    difference between windows of the reference, or where the realised (1-AUC)% is more than
    `max_realised_loss_percent` above the holdout's.
    """
    statistics = comparison.statistics
    changed = sum(statistic.voted for statistic in statistics) >= drift.quorum
    large = sum(s.effect > drift.effect_floor for s in statistics) >= drift.quorum
    hurts = quality is not None and quality.hurts(drift.max_realised_loss_percent)
    decision = Decision.NO_DRIFT
    if changed:
        decision = Decision.DRIFT if large or hurts else Decision.CHANGED
    reasons = (
        vote_sentence(comparison, drift),
        size_sentence(comparison, drift),
        quality_sentence(quality, drift),
        *map(statistic_sentence, statistics),
    )
    return Verdict(decision, subject, drift, comparison, quality, reasons)
