"""A window of mail against the champion's reference: each statistic with its threshold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stages.config import Drift
from stages.drift.permutation import Calibration, calibrate, permuted
from stages.drift.profile import profile_of
from stages.drift.sample import Float64, Sample, pool
from stages.drift.statistics import STATISTICS, all_statistics
from stages.drift.statistics.means import Labelled
from stages.drift.usual import Usual
from stages.records.verdict import Measurement

# Where the reference is too short to show its usual variation: weeks of the SpamAssassin corpus lie
# 5 to 30 thresholds apart, so less than five is nothing unusual.
FALLBACK_THRESHOLDS = 5.0


@dataclass(frozen=True)
class Comparison:
    """What all statistics say.

    Attributes:
        statistics: by name, in the order of `STATISTICS`.
        vote_p_value: of the calibrated vote as a whole.
        usual_windows: how many windows of the reference the usual difference was taken from; 0
            where it was too short and `FALLBACK_THRESHOLDS` stood in.
        usual_known: whether they were enough to say how often a window lies beyond the floors.
    """

    statistics: Mapping[str, Measurement]
    vote_p_value: float
    usual_windows: int
    usual_known: bool

    @property
    def votes(self) -> int:
        """How many statistics are beyond their thresholds."""
        return sum(found.voted for found in self.statistics.values())

    @property
    def unusual(self) -> int:
        """How many statistics are beyond their floors."""
        return sum(found.unusual for found in self.statistics.values())


def comparison_of(
    reference: Sample,
    window: Sample,
    *,
    drift: Drift,
    length: dt.timedelta,
    rng: np.random.Generator,
) -> Comparison:
    """Return how `window` compares with `reference`; the order of their rows does not matter.

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
        profile.labellings(pooled)
        if drift.null_distribution == "reference"
        else all_statistics(
            Labelled(pooled.embeddings, permuted(pooled.in_window, drift.permutations, rng))
        )
    )
    calibration = calibrate(values, quorum=drift.quorum, false_alarm_rate=drift.false_alarm_rate)
    usual = profile.usual_difference
    limit = usual.limit(drift.unusual_rate) if usual else None
    found = _measurements(values[0], calibration, usual, limit, drift.effect_floor)
    windows = len(usual.excess) if usual else 0
    return Comparison(found, calibration.vote_p_value, windows, limit is not None)


def _measurements(
    observed: Float64,
    calibration: Calibration,
    usual: Usual | None,
    limit: Float64 | None,
    effect_floor: float,
) -> dict[str, Measurement]:
    excess = observed - calibration.chance
    threshold_excess = calibration.thresholds - calibration.chance
    unit = _unit(threshold_excess, usual)
    return {
        statistic.name: Measurement(
            value=float(statistic.shown(observed[i], excess[i])),
            threshold=float(statistic.shown(calibration.thresholds[i], threshold_excess[i])),
            p_value=float(calibration.p_values[i]),
            ratio=_ratio(excess[i], threshold_excess[i]),
            effect=_ratio(excess[i], unit[i]),
            floor=effect_floor if limit is None else max(1.0, _ratio(limit[i], unit[i])),
            voted=bool(observed[i] > calibration.thresholds[i]),
        )
        for i, statistic in enumerate(STATISTICS)
    }


def _unit(threshold_excess: Float64, usual: Usual | None) -> Float64:
    """Return the usual excess; never less than the threshold's, below which nothing can be told."""
    if usual is None:
        return FALLBACK_THRESHOLDS * threshold_excess
    return np.maximum(usual.unit, threshold_excess)


def _ratio(excess: float, unit: float) -> float:
    """Return excess / unit; 0 where identical messages leave both at rounding error."""
    return float(excess / unit) if unit > 1e-12 else 0.0
