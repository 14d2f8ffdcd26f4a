"""The joint permutation test: all statistics, one vote, one false-alarm rate.

Without drift the pooled rows are exchangeable, so the observed labelling is one of many equally
likely ones. All statistics see the same permutations; the vote ("at least `quorum` of
them") is calibrated as a whole, so that its rate, not each statistic's, is what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stages.drift.sample import Float32, Float64

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Calibration:
    """What the permutations say about the observed values.

    Attributes:
        thresholds: (s,) float64; a statistic votes where its value is above. Infinite where the
            permutations are too few for the false-alarm rate.
        p_values: (s,) float64, each statistic's own.
        chance: (s,) float64, the mean of each statistic under permutation.
        vote_p_value: of the vote as a whole; at most the false-alarm rate where the vote fires.
    """

    thresholds: Float64
    p_values: Float64
    chance: Float64
    vote_p_value: float


def permuted(observed: Mask, permutations: int, rng: np.random.Generator) -> Float32:
    """Return the observed labelling, then random permutations of it.

    Args:
        observed: (n,) bool, which rows of the pooled sample are the window.
        permutations: how many.
        rng: the only source of randomness.

    Returns:
        (permutations + 1, n) float32 of zeros and ones.
    """
    # Of the size of a pointer, which numpy shuffles faster than smaller ones.
    labellings = np.tile(observed.astype(np.intp), (permutations + 1, 1))
    rng.permuted(labellings[1:], axis=1, out=labellings[1:])
    return labellings.astype(np.float32)


def calibrate(values: Float64, *, quorum: int, false_alarm_rate: float) -> Calibration:
    """Calibrate the vote of `quorum` statistics jointly to `false_alarm_rate`.

    Each labelling's statistics are turned into ranks from the top. The quorum-th best of a
    labelling's ranks says how common a level would have to be for its vote to fire; the level is
    the largest at which at most `false_alarm_rate` of all labellings, the observed one included,
    fire. Because the observed labelling is treated as each permuted one, the vote's rate without
    drift is at most `false_alarm_rate` at any sample size and for any dependence between the
    statistics: this is a permutation test of one statistic, the quorum-th best rank (Phipson &
    Smyth 2010, Statistical Applications in Genetics and Molecular Biology 9(1): the observed
    labelling counts, so that no p-value is 0). Ties count against firing.

    Args:
        values: (labellings, s) float64; row 0 is observed, larger is further from no drift.
        quorum: votes that the decision needs, 1..s.
        false_alarm_rate: of the vote, fraction 0-1.
    """
    ranks = ranks_from_top(values)
    level_of = np.sort(ranks, axis=1)[:, quorum - 1]
    level = common_level(level_of, int(false_alarm_rate * len(values) + 1e-9))
    permuted = -np.sort(-values[1:], axis=0)
    thresholds = permuted[level - 1] if level else np.full(values.shape[1], np.inf)
    return Calibration(
        thresholds=thresholds,
        p_values=ranks[0] / len(values),
        chance=values[1:].mean(axis=0),
        vote_p_value=float(np.mean(level_of <= level_of[0])),
    )


def ranks_from_top(values: Float64) -> NDArray[np.int64]:
    """Return for each entry how many of its column are at least as large, itself included."""
    ascending = np.sort(values, axis=0)
    columns = zip(ascending.T, values.T, strict=True)
    below = [np.searchsorted(column, own, side="left") for column, own in columns]
    return len(values) - np.stack(below, axis=1).astype(np.int64)


def common_level(level_of: NDArray[np.int64], allowed: int) -> int:
    """Return the largest rank level at which at most `allowed` labellings fire; 0 is none.

    Args:
        level_of: (labellings,) the level from which on each labelling fires.
        allowed: the number of labellings that may fire.
    """
    # One level below the first labelling too many; there is no rank above the last permutation.
    first_too_many = int(np.sort(level_of)[allowed])
    return min(first_too_many - 1, len(level_of) - 1)
