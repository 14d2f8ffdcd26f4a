"""Scores to probabilities, and the threshold of the verdict: cut on out-of-fold scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


def fit_calibrator(scores: np.ndarray, spam: np.ndarray) -> LogisticRegression:
    """Return Platt's scaling (Platt 1999), fitted to `(n,)` scores and `(n,) bool` labels."""
    from sklearn.linear_model import LogisticRegression

    # Hardly regularised: Platt's maximum likelihood, kept finite where the classes separate.
    return LogisticRegression(C=1e3).fit(scores.reshape(-1, 1), spam)


def ham_threshold(ham_probabilities: np.ndarray, rate: float) -> float:
    """Return the lowest threshold at which at most `rate` of the ham would be called spam.

    Never below 0.5: where the classes are far apart, any cut between them has that rate.
    """
    descending = np.sort(ham_probabilities)[::-1]
    allowed = int(rate * len(descending))
    above = float(np.nextafter(descending[allowed], 1.0)) if len(descending) else 0.5
    return max(0.5, round(above + 5e-5, 4))
