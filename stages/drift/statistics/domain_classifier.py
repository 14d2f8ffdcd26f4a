"""The domain classifier: how well a linear model tells window from reference."""

from __future__ import annotations

import math

import numpy as np

from stages.drift.sample import Float32, Float64
from stages.drift.statistics.means import Labelled, Means
from stages.drift.statistics.statistic import Statistic

# Weight of the identity in the covariance. Ledoit and Wolf's own intensity (here 0.01-0.02) suits
# estimating a covariance; for telling samples apart it is too small: it left the domain classifier
# 5 % power where 0.75 gave 65 % (spam share 30 -> 50 %, window 300). Between 0.5 and 0.9 the vote
# hardly changes.
SHRINKAGE = 0.85


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


def _compute(labelled: Labelled) -> Float64:
    return domain_classifier(labelled.rows, labelled.means)


def _shown(_: float, excess: float) -> float:
    return implied_auc(excess)


DOMAIN_CLASSIFIER = Statistic(
    name="domain_classifier",
    title="ROC-AUC of the domain classifier",
    short="domain classifier",
    compute=_compute,
    shown=_shown,
    chance=0.5,
)
