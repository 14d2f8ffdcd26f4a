"""Three statistics between a reference and a window, for many labellings of the rows at once.

A labelling says which rows of the pooled sample are the window; the first one is what was
observed, the others are permutations of it (see `stages.drift.permutation`). All that depends on
the rows alone (covariance, kernel, bandwidth) is taken from the pooled sample, once: it is the same
under every permutation, which keeps the permutation test exact, and each statistic becomes a few
matrix products over all labellings.

Precision: products are float32 (twice as fast), everything summed from them is float64. On the
default corpus the rounding is four orders of magnitude below the spread under permutation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

NAMES = ("domain_classifier", "mmd", "cosine")

# Columns and rows of the kernel matrix that are held at a time: 1 MB stays in the cache, and memory
# grows with the rows, not with their square.
KERNEL_BLOCK, KERNEL_ROWS = 256, 1024
# Above so many rows the kernel matrix is not computed: with 20,000 it takes some 5 s of CPU, and
# four times that with twice as many. Cosines and sines of 512 random directions stand in for it.
MOST_KERNEL_ROWS = 20_000
RANDOM_DIRECTIONS = 512
# The median heuristic looks at the pairs of so many rows: 124,750 pairs pin gamma to 0.4 %.
BANDWIDTH_ROWS = 500
# Weight of the identity in the covariance. Ledoit and Wolf's own intensity (here 0.01-0.02) suits
# estimating a covariance; for telling samples apart it is too small: it left the domain classifier
# 5 % power where 0.75 gave 65 % (spam share 30 -> 50 %, window 300). Between 0.5 and 0.9 the vote
# hardly changes.
SHRINKAGE = 0.85


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


def evaluate(pooled: Float32, labellings: Float32) -> Float64:
    """Return the statistics of `NAMES` for each labelling: (k, 3) float64.

    Args:
        pooled: (n, dim) float32, all rows of reference and window; not changed.
        labellings: (k, n) float32, 1 for a row of the window and 0 for one of the reference; at
            least 2 of each in a row.
    """
    means = mean_embeddings(pooled, labellings)
    columns = (
        domain_classifier(pooled, means),
        maximum_mean_discrepancy(pooled, labellings),
        cosine_distance(means),
    )
    return np.stack(columns, axis=1)


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


def domain_classifier(pooled: Float32, means: Means) -> Float64:
    """Return the squared Mahalanobis distance of the means: a linear domain classifier's strength.

    Regularised linear discriminant analysis finds the direction that tells window from reference
    best; the distance D² along it is Hotelling's T² without the factor of the sample sizes
    (Hotelling 1931, Annals of Mathematical Statistics 2), with the covariance shrunk towards a
    multiple of the identity (Ledoit & Wolf 2004, Journal of Multivariate Analysis 88). It is
    computed from the covariance of the pooled sample, which no permutation changes: with that, the
    shrunk covariance within the two sides is known up to a term of rank one, and the
    Sherman-Morrison formula turns the pooled distance q into D² = q / (1 - (1 - s)cq), where s is
    the shrinkage and c = n_reference n_window / n².

    In-sample, hence above 0 without any drift: only its excess over its permutations means
    something (see `implied_auc`).

    Returns:
        (k,) float64, at least 0.
    """
    delta = means.window - means.reference
    q = np.einsum("ki,ik->k", delta, np.linalg.solve(shrunk_covariance(pooled), delta.T))
    return np.asarray(q / (1.0 - (1.0 - SHRINKAGE) * means.share * (1.0 - means.share) * q))


def shrunk_covariance(rows: Float32) -> Float64:
    """Return the covariance of `rows`, mixed with its mean variance times the identity.

    `SHRINKAGE` is the share of the latter.

    Args:
        rows: (n, dim) float32.

    Returns:
        (dim, dim) float64, positive definite.
    """
    n, dim = rows.shape
    centred = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    sample = (centred.T @ centred).astype(np.float64) / n
    # The floor keeps rows that are all the same from making it singular.
    ridge = SHRINKAGE * np.trace(sample) / dim + 1e-9
    return np.asarray((1.0 - SHRINKAGE) * sample + ridge * np.eye(dim))


def implied_auc(excess: float) -> float:
    """Return the ROC-AUC of a linear domain classifier whose classes lie `excess` = D² apart.

    Phi(sqrt(D²) / sqrt(2)) for normal classes of one covariance; 0.5 is chance.
    """
    return 0.5 * (1.0 + math.erf(math.sqrt(max(0.0, excess)) / 2.0))


def maximum_mean_discrepancy(pooled: Float32, labellings: Float32) -> Float64:
    """Return the unbiased MMD² with a Gaussian kernel (Gretton et al. 2012, JMLR 13, lemma 6).

    k(x, y) = exp(-gamma |x - y|²) with gamma from `kernel_gamma`. For a labelling w, and K without
    its diagonal, the three means of the estimate are w'Kw, w'K(1-w) and (1-w)'K(1-w) over their
    numbers of pairs; the row sums K1 give the last two from w'Kw. The kernel is computed once, for
    all labellings; above `MOST_KERNEL_ROWS` rows random features stand in for it.

    Args:
        pooled: (n, dim) float32.
        labellings: (k, n) float32, see `evaluate`.

    Returns:
        (k,) float64, around 0 without drift, below 0 by chance.
    """
    exact = len(pooled) <= MOST_KERNEL_ROWS
    within, window_to_all, total = (_kernel_sums if exact else _feature_sums)(pooled, labellings)
    m = labellings.sum(axis=1, dtype=np.float64)
    n = labellings.shape[1] - m
    between = window_to_all - within
    others = total - within - 2.0 * between
    return np.asarray(within / (m * (m - 1)) + others / (n * (n - 1)) - 2.0 * between / (m * n))


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
            kernel = gaussian_kernel(pooled[rows], pooled[columns], gamma)
            if rows.stop == columns.stop:
                # The block on the diagonal has each pair twice.
                on_diagonal = kernel[at - start :]
                on_diagonal *= 0.5
                np.fill_diagonal(on_diagonal, 0.0)
            row_sums[rows] += kernel.sum(axis=1, dtype=np.float64)
            row_sums[columns] += kernel.sum(axis=0, dtype=np.float64)
            above += labellings[:, rows] @ kernel
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


def kernel_sums(rows: Float32, others: Float32, gamma: float) -> Float64:
    """Return the sum of k(x, y) over the rows y of `others` for each row x of `rows`: (n_rows,)."""
    sums = np.zeros(len(rows))
    for at in range(0, len(rows), KERNEL_BLOCK):
        block = slice(at, at + KERNEL_BLOCK)
        for start in range(0, len(others), KERNEL_BLOCK):
            kernel = gaussian_kernel(rows[block], others[start : start + KERNEL_BLOCK], gamma)
            sums[block] += kernel.sum(axis=1, dtype=np.float64)
    return sums


def kernel_gamma(pooled: Float32) -> float:
    """Return gamma = 1 / (2 median(|x - y|²)), over the pairs of distinct rows of a sample.

    The median heuristic (Gretton et al. 2012, section 8): a Gaussian as wide as the median distance
    of two messages. In a trial of 120 windows of 1,000 with 10 % foreign mail the vote saw 0.91 of
    them, and 0.73 with 4 / median²; of 60 with 10 % hard ham it saw 0.48, and 0.57; over all shifts
    the two were alike. The sample is `BANDWIDTH_ROWS` rows, evenly spaced through `pooled`.
    """
    take = np.linspace(0, len(pooled) - 1, min(len(pooled), BANDWIDTH_ROWS)).astype(int)
    sample = pooled[take]
    pairs = squared_distances(sample, sample)[np.triu_indices(len(sample), k=1)]
    return 0.5 / max(float(np.median(pairs)), 1e-9)


def gaussian_kernel(left: Float32, right: Float32, gamma: float) -> Float32:
    """Return exp(-gamma |x - y|²) for each row x of `left` and y of `right`: (n_left, n_right)."""
    kernel = squared_distances(left, right)
    kernel *= np.float32(-gamma)
    np.exp(kernel, out=kernel)
    return kernel


def squared_distances(left: Float32, right: Float32) -> Float32:
    """Return |x - y|² for each row x of `left` and y of `right`: (n_left, n_right) float32."""
    distances = left @ right.T
    distances *= -2.0
    distances += np.einsum("ij,ij->i", left, left)[:, None]
    distances += np.einsum("ij,ij->i", right, right)[None, :]
    np.maximum(distances, 0.0, out=distances)
    return distances


def cosine_distance(means: Means) -> Float64:
    """Return 1 - cos of the angle between the mean embeddings of window and reference.

    Returns:
        (k,) float64 in [0, 2]; 1 where a mean is zero and has no direction.
    """
    lengths = np.linalg.norm(means.window, axis=1) * np.linalg.norm(means.reference, axis=1)
    products = np.einsum("ij,ij->i", means.window, means.reference)
    cosine = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return np.asarray(1.0 - cosine)
