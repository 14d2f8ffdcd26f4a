"""The usual difference between windows of real mail: what a change is measured against.

Mail is not independent: threads, lists and campaigns come in bursts, so that a calibrated test
flags every week of it. Whether a change matters is therefore asked in units of how far windows of
the champion's own past lie from the rest of that past.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stages.drift.permutation import Mask, permuted
from stages.drift.sample import Float32, Float64
from stages.drift.statistics import all_statistics
from stages.drift.statistics.means import Labelled

# The newest windows of the reference that are looked at.
MOST_WINDOWS = 52
# One window has nothing to be compared with; the median of two is the first that says anything.
FEWEST_WINDOWS = 2
# They give the mean without drift only, whose error is a seventh of the spread.
PERMUTATIONS = 50


@dataclass(frozen=True)
class Usual:
    """How far windows of the reference lie from the rest of it.

    Attributes:
        excess: (windows, s) float64, each statistic's excess over chance.
    """

    excess: Float64

    @property
    def unit(self) -> Float64:
        """The median window's excess, (s,): a week that was itself abnormal excuses no other."""
        return np.asarray(np.median(self.excess, axis=0))

    def limit(self, rate: float) -> Float64 | None:
        """Return the excess that only a share `rate` of usual windows lies beyond, (s,).

        The windows are the null distribution: contiguous blocks of real mail, dependent within as
        the next window is (the block idea of Politis & Romano 1994, JASA 89). A new window is one
        of `windows + 1` that are alike, so it is beyond the k-th largest with probability
        k / (windows + 1).

        Returns:
            None for fewer windows than it takes, 1 / rate - 1.
        """
        k = int(rate * (len(self.excess) + 1) + 1e-9)
        return np.sort(self.excess, axis=0)[-k] if k else None


def usual_difference(
    pooled: Float32, windows: list[Mask], rng: np.random.Generator
) -> Usual | None:
    """Return how far each of `windows` lies from the rest of the reference.

    All statistics estimate squared population distances once their mean under permutation is
    taken off; so windows of different size compare. That mean is proportional to the variance of a
    difference of means, 1/m + 1/(n - m) for m of n rows, and is taken from one window's
    permutations for all.

    Args:
        pooled: (n, dim) float32, the reference.
        windows: each (n,) bool, see `contiguous_windows`.
        rng: the only source of randomness.

    Returns:
        None for fewer than `FEWEST_WINDOWS` windows.
    """
    if len(windows) < FEWEST_WINDOWS:
        return None
    labellings = np.concatenate(
        [np.stack(windows).astype(np.float32), permuted(windows[0], PERMUTATIONS, rng)[1:]]
    )
    values = all_statistics(Labelled(pooled, labellings))
    sizes = labellings.sum(axis=1, dtype=np.float64)
    noise = 1.0 / sizes + 1.0 / (len(pooled) - sizes)
    chance = (values / noise[:, None])[len(windows) :].mean(axis=0)
    return Usual((values - chance * noise[:, None])[: len(windows)])


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
