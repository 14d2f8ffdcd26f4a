"""Histories to look at: real verdicts on made-up weeks, through the code that judges."""

from __future__ import annotations

import datetime as dt
import math

from stages.drift.comparison import Comparison
from stages.drift.statistics import STATISTICS
from stages.drift.verdict import Subject, not_enough_mail, verdict_on
from stages.records.verdict import JudgedWindow, Measurement, Quality, Verdict
from tests.drift.drift_samples import drift, scores

# Where statistics usually are, and their thresholds; others are as MMD is.
_USUAL = {"domain_classifier": (0.53, 0.56), "cosine": (0.02, 0.03)}
_MMD = (0.004, 0.006)
# One quarter of a year: quiet weeks, two odd ones, a drift, and the new model after it.
_STRENGTH = (0.2, 0.5, 0.3, 1.2, 0.4, 0.6, 1.3, 3.4, 0.1, 0.3, 0.2, 0.4, 0.3)


def weeks(n: int, *, first: dt.date = dt.date(2002, 7, 15)) -> list[Verdict]:
    """Return n verdicts on n weeks; the model changes after each drift."""
    return [_week(place, first + dt.timedelta(weeks=place)) for place in range(n)]


def model(number: int) -> str:
    return f"{(number + 1) * 0x9E3779B97F4A7C15 % 2**64:016x}" * 4


def _week(place: int, first: dt.date) -> Verdict:
    quarter, week = divmod(place, len(_STRENGTH))
    strength = _STRENGTH[week] + 0.1 * math.sin(place)
    subject = Subject(
        model=model(quarter + (week >= 8)),
        window=JudgedWindow(
            start=first,
            end=first + dt.timedelta(weeks=1),
            messages=30 if week == 10 else 420 + 90 * (week % 4),
            predicted_spam_share=0.22 + 0.1 * math.sin(place / 3) + 0.15 * (strength > 3),
            copies=7,
        ),
        reference_messages=2000,
    )
    quality = None
    if week % 3:
        loss = 0.4 + 0.9 * max(strength, 0)
        nats = 0.05 * loss
        quality = Quality(
            spam=60,
            ham=360,
            one_minus_auc_percent=loss,
            one_minus_auc_percent_low=0.6 * loss,
            recall_at_ham_fpr_1_percent=1 - 0.04 * loss,
            f1=0.99 - 0.03 * loss,
            log_loss=nats,
            log_loss_rise_low=0.8 * nats - 0.04,
            holdout_log_loss=0.04,
            holdout_one_minus_auc_percent=0.26,
        )
    too_few = not_enough_mail(subject, quality, drift())
    verdict = too_few or verdict_on(subject, _comparison(strength), quality, scores(), drift())
    return verdict.as_written()


def _comparison(strength: float) -> Comparison:
    measured = {}
    for statistic in STATISTICS:
        base, (usual, threshold) = statistic.chance, _USUAL.get(statistic.name, _MMD)
        value = base + (usual - base) * (1 + 1.4 * strength)
        measured[statistic.name] = Measurement(
            value=value,
            threshold=threshold,
            p_value=0.002 if value > threshold else 0.4,
            ratio=(value - base) / (threshold - base),
            effect=0.3 + 0.7 * strength,
            floor=1.7,
            voted=value > threshold,
        )
    return Comparison(measured, vote_p_value=0.01, usual_windows=5, usual_known=False)
