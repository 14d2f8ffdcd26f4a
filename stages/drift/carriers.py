"""The messages that carry a change most, so that a person can see what is new."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stages.drift.sample import Float32, Float64, Sample
from stages.drift.statistics.kernel import kernel_gamma, kernel_sums
from stages.machine.files import DECIMALS
from stages.records.verdict import Carrier

MOST = 10


def carriers(
    reference: Sample, window: Sample, called_spam: NDArray[np.bool_]
) -> tuple[Carrier, ...]:
    """Return the `MOST` messages of the window that carry its change most, the first most.

    Args:
        reference: the champion's.
        window: m messages, at least 2.
        called_spam: (m,), the verdicts.
    """
    # Sorted by id, and by id where two weigh the same: the order of the rows must not matter.
    called = dict(zip(window.ids.tolist(), called_spam.tolist(), strict=True))
    window = window.by_id()
    weights = witness(reference.by_id().embeddings, window.embeddings).round(DECIMALS)
    most = np.argsort(-weights, kind="stable")[:MOST]
    ids = window.ids[most].tolist()
    return tuple(
        Carrier(name, float(weight), called[name])
        for name, weight in zip(ids, weights[most], strict=True)
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
    # A message's kernel with itself is 1.
    inside = kernel_sums(window, window, gamma) - 1.0
    outside = kernel_sums(window, reference, gamma)
    return np.asarray(inside / (len(window) - 1) - outside / len(reference))
