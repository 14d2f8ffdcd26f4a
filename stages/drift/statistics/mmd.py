"""The maximum mean discrepancy: how far apart window and reference lie under a kernel."""

from __future__ import annotations

import math

import numpy as np

from stages.drift.sample import Float32, Float64
from stages.drift.statistics import kernel
from stages.drift.statistics.kernel import (
    KERNEL_BLOCK,
    KERNEL_ROWS,
    ReferenceKernel,
    gaussian_kernel,
    kernel_gamma,
    kernel_sums,
)
from stages.drift.statistics.means import Labelled
from stages.drift.statistics.statistic import Statistic

# Where the rows are too many for the kernel matrix, cosines and sines of this many random
# directions stand in for it.
RANDOM_DIRECTIONS = 512


def maximum_mean_discrepancy(pooled: Float32, labellings: Float32) -> Float64:
    """Return the unbiased MMD² with a Gaussian kernel (Gretton et al. 2012, JMLR 13, lemma 6).

    k(x, y) = exp(-gamma |x - y|²) with gamma from `kernel_gamma`. For a labelling w, and K without
    its diagonal, the three means of the estimate are w'Kw, w'K(1-w) and (1-w)'K(1-w) over their
    numbers of pairs; the row sums K1 give the last two from w'Kw. The kernel is computed once, for
    all labellings; above `MOST_KERNEL_ROWS` rows random features stand in for it.

    Args:
        pooled: (n, dim) float32.
        labellings: (k, n) float32, see `Labelled`.

    Returns:
        (k,) float64, around 0 without drift, below 0 by chance.
    """
    exact = len(pooled) <= kernel.MOST_KERNEL_ROWS
    within, window_to_all, total = (_kernel_sums if exact else _feature_sums)(pooled, labellings)
    m = labellings.sum(axis=1, dtype=np.float64)
    n = labellings.shape[1] - m
    between = window_to_all - within
    others = total - within - 2.0 * between
    return np.asarray(within / (m * (m - 1)) + others / (n * (n - 1)) - 2.0 * between / (m * n))


def discrepancy_from(known: ReferenceKernel, reference: Float32, window: Float32) -> float:
    """Return MMD² of a window against a reference whose own kernel is known.

    Args:
        known: the reference's kernel.
        reference: (n, dim) float32.
        window: (m, dim) float32.
    """
    m = len(window)
    inside = (kernel_sums(window, window, known.gamma).sum() - m) / (m * (m - 1))
    between = kernel_sums(window, reference, known.gamma).mean() / len(reference)
    return float(inside + known.within - 2.0 * between)


def _kernel_sums(pooled: Float32, labellings: Float32) -> tuple[Float64, Float64, float]:
    """Return w'Kw and w'K1 for each labelling w, (k,), and 1'K1, for K without its diagonal.

    The kernel is symmetric: of each of its columns only the part down to the diagonal is computed.
    """
    gamma = kernel_gamma(pooled)
    within = np.zeros(len(labellings))
    row_sums = np.zeros(len(pooled))
    for at in range(0, len(pooled), KERNEL_BLOCK):
        columns = slice(at, at + KERNEL_BLOCK)
        above = np.zeros_like(labellings[:, columns])
        for start in range(0, columns.stop, KERNEL_ROWS):
            rows = slice(start, min(start + KERNEL_ROWS, columns.stop))
            block = gaussian_kernel(pooled[rows], pooled[columns], gamma)
            if rows.stop == columns.stop:
                # The block on the diagonal has each pair twice.
                on_diagonal = block[at - start :]
                on_diagonal *= 0.5
                np.fill_diagonal(on_diagonal, 0.0)
            row_sums[rows] += block.sum(axis=1, dtype=np.float64)
            row_sums[columns] += block.sum(axis=0, dtype=np.float64)
            above += labellings[:, rows] @ block
        above *= labellings[:, columns]
        within += 2.0 * above.sum(axis=1, dtype=np.float64)
    return within, labellings.astype(np.float64) @ row_sums, float(row_sums.sum())


def _feature_sums(pooled: Float32, labellings: Float32) -> tuple[Float64, Float64, float]:
    """Return what `_kernel_sums` does, from random Fourier features (Rahimi & Recht 2007, NIPS 20).

    K is close to FF' for F of 2 x `RANDOM_DIRECTIONS` columns, each row of length 1: the diagonal
    is exact, and nothing grows with the square of the rows.
    """
    rng = np.random.default_rng(RANDOM_DIRECTIONS)
    scale = math.sqrt(2.0 * kernel_gamma(pooled))
    directions = rng.standard_normal((pooled.shape[1], RANDOM_DIRECTIONS), dtype=np.float32)
    window_sums = np.zeros((len(labellings), 2 * RANDOM_DIRECTIONS))
    sums = np.zeros(2 * RANDOM_DIRECTIONS)
    for at in range(0, len(pooled), 8 * KERNEL_BLOCK):
        rows = slice(at, at + 8 * KERNEL_BLOCK)
        angles = pooled[rows] @ (np.float32(scale) * directions)
        features = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
        features /= np.float32(math.sqrt(RANDOM_DIRECTIONS))
        window_sums += labellings[:, rows] @ features
        sums += features.sum(axis=0, dtype=np.float64)
    m = labellings.sum(axis=1, dtype=np.float64)
    within = np.einsum("ki,ki->k", window_sums, window_sums) - m
    return within, window_sums @ sums - m, float(sums @ sums) - len(pooled)


def _compute(labelled: Labelled) -> Float64:
    if labelled.kernel is None:
        return maximum_mean_discrepancy(labelled.rows, labelled.labellings)
    rows, in_window = labelled.rows, labelled.labellings == 1
    return np.array([discrepancy_from(labelled.kernel, rows[~w], rows[w]) for w in in_window])


def _shown(value: float, _: float) -> float:
    return math.sqrt(max(0.0, value))


MMD = Statistic(
    name="mmd",
    title="maximum mean discrepancy",
    short="MMD",
    compute=_compute,
    shown=_shown,
)
