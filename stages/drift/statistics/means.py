"""Mean embeddings on both sides of each labelling, and what every statistic is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stages.drift.sample import Float32, Float64
from stages.drift.statistics.kernel import ReferenceKernel


@dataclass(frozen=True)
class Means:
    """Mean embeddings on both sides of each labelling.

    Attributes:
        window: (k, dim) float64.
        reference: (k, dim) float64.
        share: (k,) float64, the window's part of all rows.
    """

    window: Float64
    reference: Float64
    share: Float64


@dataclass(frozen=True)
class Labelled:
    """The rows of reference and window, and labellings that say which rows are the window.

    Attributes:
        rows: (n, dim) float32, of reference and window; not changed.
        labellings: (k, n) float32, 1 for a row of the window and 0 for one of the reference; at
            least 2 of each in a labelling.
        kernel: what is known of the reference's kernel already, where the labellings are the
            observed one alone; None where it must be computed.
    """

    rows: Float32
    labellings: Float32
    kernel: ReferenceKernel | None = None

    @cached_property
    def means(self) -> Means:
        """The mean embeddings of both sides, (k, dim)."""
        return mean_embeddings(self.rows, self.labellings)


def mean_embeddings(pooled: Float32, labellings: Float32) -> Means:
    """Return the means of both sides for each of the (k, n) labellings of the (n, dim) rows."""
    in_window = labellings.sum(axis=1, dtype=np.float64)[:, None]
    window_sum = (labellings @ pooled).astype(np.float64)
    reference_sum = pooled.sum(axis=0, dtype=np.float64) - window_sum
    return Means(
        window=window_sum / in_window,
        reference=reference_sum / (len(pooled) - in_window),
        share=in_window[:, 0] / len(pooled),
    )
