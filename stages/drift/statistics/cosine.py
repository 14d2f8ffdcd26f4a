"""The cosine distance of the mean embeddings."""

from __future__ import annotations

import numpy as np

from stages.drift.sample import Float64
from stages.drift.statistics.means import Labelled, Means
from stages.drift.statistics.statistic import Statistic


def cosine_distance(means: Means) -> Float64:
    """Return 1 - cos of the angle between the mean embeddings of window and reference.

    Returns:
        (k,) float64 in [0, 2]; 1 where a mean is zero and has no direction.
    """
    lengths = np.linalg.norm(means.window, axis=1) * np.linalg.norm(means.reference, axis=1)
    products = np.einsum("ij,ij->i", means.window, means.reference)
    cosine = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return np.asarray(1.0 - cosine)


def _compute(labelled: Labelled) -> Float64:
    return cosine_distance(labelled.means)


def _shown(value: float, _: float) -> float:
    return value


COSINE = Statistic(
    name="cosine",
    title="cosine distance of the mean embeddings",
    short="cosine",
    compute=_compute,
    shown=_shown,
)
