"""The messages that carry a change most, so that a person can see what is new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stages.drift.comparison import Sample
from stages.drift.statistics import KERNEL_BLOCK, Float32, Float64, kernel_gamma, squared_distances
from stages.files import DECIMALS

MOST = 10


@dataclass(frozen=True)
class Carrier:
    """One message of the window.

    Attributes:
        id: of the message.
        weight: of the witness function: how much denser mail like it is in the window than in the
            reference, from -1 to 1.
        called_spam: the model's verdict.
    """

    id: str
    weight: float
    called_spam: bool


def carriers(
    reference: Sample, window: Sample, called_spam: NDArray[np.bool_]
) -> tuple[Carrier, ...]:
    """Return the `MOST` messages of the window that carry its change most, the first most.

    Args:
        reference: the champion's.
        window: m messages, at least 2.
        called_spam: (m,), the verdicts.
    """
    weights = witness(reference.embeddings, window.embeddings)
    # By id where two weigh the same: the order of the rows must not matter.
    order = np.lexsort([window.ids, -weights.round(DECIMALS)])[:MOST]
    return tuple(
        Carrier(str(window.ids[i]), float(weights[i]), bool(called_spam[i])) for i in order
    )


def witness(reference: Float32, window: Float32) -> Float64:
    """Return the MMD's witness function at each message of the window, (m,).

    The mean of k(x, y) over the window's other messages less that over the reference's: the
    function that tells the two apart best (Gretton et al. 2012, JMLR 13, section 2.3; Lloyd &
    Ghahramani 2015, NeurIPS, look at its extremes as we do). The kernel is that of
    `maximum_mean_discrepancy`.

    Args:
        reference: (n, dim) float32.
        window: (m, dim) float32, at least 2 rows.
    """
    gamma = kernel_gamma(np.concatenate([reference, window]))
    blocks = [window[at : at + KERNEL_BLOCK] for at in range(0, len(window), KERNEL_BLOCK)]
    # A message's kernel with itself is 1.
    inside = np.concatenate([_kernel_sum(block, window, gamma) for block in blocks]) - 1.0
    outside = np.concatenate([_kernel_sum(block, reference, gamma) for block in blocks])
    return np.asarray(inside / (len(window) - 1) - outside / len(reference))


def _kernel_sum(rows: Float32, others: Float32, gamma: float) -> Float64:
    sums = np.zeros(len(rows))
    for at in range(0, len(others), KERNEL_BLOCK):
        distances = squared_distances(rows, others[at : at + KERNEL_BLOCK])
        sums += np.exp(np.float32(-gamma) * distances).sum(axis=1, dtype=np.float64)
    return sums
