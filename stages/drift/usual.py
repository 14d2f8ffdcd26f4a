"""The usual difference between windows of real mail: what a change is measured against.

Mail is not independent: threads, lists and campaigns come in bursts, so that a calibrated test
flags every week of it. Whether a change matters is therefore asked in units of how far windows of
the champion's own past lie from the rest of that past.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from stages.drift.permutation import Mask, permuted
from stages.drift.statistics import Float32, Float64, evaluate

# The newest windows of the reference that are looked at: a bound on the cost of daily windows.
MOST_WINDOWS = 12
# One window has nothing to be compared with; the median of two is the first that says anything.
FEWEST_WINDOWS = 2
# They give the mean without drift only, whose error is a seventh of the spread.
PERMUTATIONS = 50


def usual_effects(pooled: Float32, windows: list[Mask], rng: np.random.Generator) -> Float64 | None:
    """Return the median over `windows` of each statistic's excess over chance, window against rest.

    All three statistics estimate squared population distances once their mean under permutation is
    taken off; so windows of different size compare. The median, because a week of the past that
    was itself abnormal should not excuse the next one.

    Args:
        pooled: (n, dim) float32, the reference.
        windows: each (n,) bool, see `contiguous_windows`.
        rng: the only source of randomness.

    Returns:
        (3,) float64; None for fewer than `FEWEST_WINDOWS` windows.
    """
    if len(windows) < FEWEST_WINDOWS:
        return None
    labellings = np.concatenate([permuted(window, PERMUTATIONS, rng) for window in windows])
    values = evaluate(pooled, labellings).reshape(len(windows), PERMUTATIONS + 1, -1)
    excess = values[:, 0] - values[:, 1:].mean(axis=1)
    return np.asarray(np.median(excess, axis=0))


def contiguous_windows(
    received_at: NDArray[np.datetime64], length: dt.timedelta, *, minimum: int
) -> list[Mask]:
    """Return the newest contiguous windows of `length`, cut backwards from the last midnight.

    Args:
        received_at: (n,) datetime64, UTC.
        length: of a window.
        minimum: messages that a window, and all that is not in it, must hold to count.

    Returns:
        At most `MOST_WINDOWS` masks, each (n,) bool, the newest first.
    """
    step = np.timedelta64(length)
    end = received_at.max().astype("datetime64[D]") + np.timedelta64(1, "D")
    # A window holds its first instant, not its last: as everywhere, [from, to).
    age = (end - received_at - np.timedelta64(1, "us")) // step
    counts = np.bincount(age.astype(np.int64))
    rest = len(received_at) - counts
    kept = np.flatnonzero((counts >= minimum) & (rest >= minimum))[:MOST_WINDOWS]
    return [np.asarray(age == window) for window in kept]
