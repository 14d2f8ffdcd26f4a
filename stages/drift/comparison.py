"""A window of mail against the champion's reference: three statistics with their thresholds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from stages.config import Drift
from stages.drift.permutation import Calibration, calibrate, permuted
from stages.drift.profile import profile_of
from stages.drift.sample import Sample, pool
from stages.drift.statistics import NAMES, Float64, evaluate, implied_auc
from stages.drift.usual import Usual

# Where the reference is too short to show its usual variation: weeks of the SpamAssassin corpus lie
# 5 to 30 thresholds apart, so less than five is nothing unusual.
FALLBACK_THRESHOLDS = 5.0


@dataclass(frozen=True)
class Statistic:
    """One statistic of a window, in units that people know.

    Attributes:
        name: of `NAMES`.
        value: the domain classifier's implied ROC-AUC; the maximum mean discrepancy (the root of
            MMD²); the cosine distance of the mean embeddings.
        threshold: in the same unit; the statistic votes above it.
        p_value: under permutation, the statistic's own.
        ratio: excess over chance in units of the threshold's excess. Of squared distances, so 4
            is twice as far. It grows with the window.
        effect: excess over chance in units of the usual excess between windows of the reference
            (`stages.drift.usual`); also of squared distances. It does not grow with the window.
        floor: the effect beyond which the difference is unusual.
        voted: whether value > threshold.
    """

    name: str
    value: float
    threshold: float
    p_value: float
    ratio: float
    effect: float
    floor: float
    voted: bool

    @property
    def unusual(self) -> bool:
        """Whether windows of the reference hardly ever differ so much."""
        return self.effect > self.floor


@dataclass(frozen=True)
class Comparison:
    """All three statistics.

    Attributes:
        statistics: in the order of `NAMES`.
        vote_p_value: of the calibrated vote as a whole.
        usual_windows: how many windows of the reference the usual difference was taken from; 0
            where it was too short and `FALLBACK_THRESHOLDS` stood in.
        usual_known: whether they were enough to say how often a window lies beyond the floors.
    """

    statistics: tuple[Statistic, ...]
    vote_p_value: float
    usual_windows: int
    usual_known: bool

    @property
    def votes(self) -> int:
        """How many statistics are beyond their thresholds."""
        return sum(statistic.voted for statistic in self.statistics)

    @property
    def unusual(self) -> int:
        """How many statistics are beyond their floors."""
        return sum(statistic.unusual for statistic in self.statistics)


def compare(
    reference: Sample,
    window: Sample,
    *,
    drift: Drift,
    length: dt.timedelta,
    rng: np.random.Generator,
) -> Comparison:
    """Compare `window` with `reference`; the row order of neither matters, neither is changed.

    Args:
        reference: at least 2 messages.
        window: at least 2 messages, embedded by the reference's encoder.
        drift: the null distribution, its false-alarm rate and quorum, and what is unusual.
        length: of the window, to find windows like it in the reference.
        rng: the only source of randomness.
    """
    reference = reference.by_id()
    pooled, profile = pool(reference, window), profile_of(reference, length, drift)
    values = (
        profile.labellings(reference.embeddings, pooled)
        if drift.null_distribution == "reference"
        else evaluate(pooled.embeddings, permuted(pooled.in_window, drift.permutations, rng))
    )
    calibration = calibrate(values, quorum=drift.quorum, false_alarm_rate=drift.false_alarm_rate)
    usual = profile.usual_difference
    limit = usual.limit(drift.unusual_rate) if usual else None
    statistics = _statistics(values[0], calibration, usual, limit, drift.effect_floor)
    windows = len(usual.excess) if usual else 0
    return Comparison(statistics, calibration.vote_p_value, windows, limit is not None)


def _statistics(
    observed: Float64,
    calibration: Calibration,
    usual: Usual | None,
    limit: Float64 | None,
    effect_floor: float,
) -> tuple[Statistic, ...]:
    excess = observed - calibration.chance
    threshold_excess = calibration.thresholds - calibration.chance
    unit = _unit(threshold_excess, usual)
    return tuple(
        Statistic(
            name=name,
            value=_for_people(name, observed[i], excess[i]),
            threshold=_for_people(name, calibration.thresholds[i], threshold_excess[i]),
            p_value=float(calibration.p_values[i]),
            ratio=_ratio(excess[i], threshold_excess[i]),
            effect=_ratio(excess[i], unit[i]),
            floor=effect_floor if limit is None else max(1.0, _ratio(limit[i], unit[i])),
            voted=bool(observed[i] > calibration.thresholds[i]),
        )
        for i, name in enumerate(NAMES)
    )


def _unit(threshold_excess: Float64, usual: Usual | None) -> Float64:
    """Return the usual excess; never less than the threshold's, below which nothing can be told."""
    if usual is None:
        return FALLBACK_THRESHOLDS * threshold_excess
    return np.maximum(usual.unit, threshold_excess)


def _for_people(name: str, value: float, excess: float) -> float:
    """Return a statistic in the unit of `Statistic.value`."""
    if name == "domain_classifier":
        return implied_auc(excess)
    return float(np.sqrt(max(0.0, value))) if name == "mmd" else float(value)


def _ratio(excess: float, unit: float) -> float:
    """Return excess / unit; 0 where identical messages leave both at rounding error."""
    return float(excess / unit) if unit > 1e-12 else 0.0
