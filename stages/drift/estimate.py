"""What a window does to the model while it has no labels: scores, and the error they imply."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stages.records.verdict import Scores


def estimate(
    reference: NDArray[np.float64], window: NDArray[np.float64], threshold: float
) -> Scores:
    """Return what the scores say.

    The error is estimated from calibrated probabilities: a message called spam at p is ham with
    probability 1 - p (CBPE: Kivimäki et al. 2025, "Confidence-based Estimators for Predictive
    Performance in Model Monitoring", JAIR 82). It sees mail that makes the model unsure, not mail
    about which it is surely wrong; so it is used only until labels arrive.

    Args:
        reference: (n,) probabilities of spam.
        window: (m,) probabilities of spam.
        threshold: the probability from which on a message is called spam.
    """
    from scipy.stats import ks_2samp

    return Scores(
        # The p-value is not used; the asymptotic one is the cheapest that comes along.
        score_distance=float(ks_2samp(reference, window, method="asymp").statistic),
        error_percent=100.0 * _expected_error(window, threshold),
        reference_error_percent=100.0 * _expected_error(reference, threshold),
    )


def _expected_error(probability: NDArray[np.float64], threshold: float) -> float:
    wrong = np.where(probability >= threshold, 1.0 - probability, probability)
    return float(wrong.mean())
