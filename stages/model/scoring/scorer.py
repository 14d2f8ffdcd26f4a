"""The fitted parts of a filter: messages in, calibrated probabilities of spam out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import ArrayLike

from stages.model.scoring.features import LearnedParts, assemble, learned_parts
from stages.model.scoring.messages import Messages

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.base import BaseEstimator
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import FeatureUnion

    from stages import config

# A model's file in its folder: the `StoredParts` of its scorer, as skops writes them.
CLASSIFIER = "classifier.skops"

_TINY = 1e-6


class StoredParts(TypedDict):
    """What a model's file holds: types of scikit-learn, SciPy and NumPy only."""

    features: LearnedParts
    classifier: BaseEstimator
    calibrator: LogisticRegression


@dataclass(frozen=True)
class Scorer:
    """Fitted features, classifier and calibration.

    Attributes:
        features: messages to features.
        classifier: features to a score, the higher the more like spam.
        calibrator: a one-column logistic regression: score to probability of spam (Platt 1999).
    """

    features: FeatureUnion
    classifier: BaseEstimator
    calibrator: LogisticRegression

    @classmethod
    def restored(cls, features: config.Features, stored: StoredParts) -> Scorer:
        """Return the scorer whose parts were `stored`, with the stateless ones made anew."""
        feature_map = assemble(features, stored["features"])
        return cls(feature_map, stored["classifier"], stored["calibrator"])

    def stored(self) -> StoredParts:
        """Return the parts that a model's file holds."""
        return {
            "features": learned_parts(self.features),
            "classifier": self.classifier,
            "calibrator": self.calibrator,
        }

    def probabilities(self, messages: Messages) -> np.ndarray:
        """Return the `(n,) float64` probabilities of spam."""
        X = self.features.transform(messages)
        return calibrated(self.calibrator, decision_scores(self.classifier, X))


def decision_scores(classifier: BaseEstimator, X: csr_matrix | np.ndarray) -> np.ndarray:
    """Return `(n,) float64` scores, the higher the more like spam: a margin or a log-odds."""
    return as_scores(getattr(classifier, scoring_method(classifier))(X))


def scoring_method(classifier: BaseEstimator) -> str:
    """Return the method of `classifier` whose answer `as_scores` takes."""
    return "decision_function" if hasattr(classifier, "decision_function") else "predict_proba"


def as_scores(answer: ArrayLike) -> np.ndarray:
    """Return `(n,) float64` scores: margins `(n,)` as they are, probabilities `(n, 2)` as log-odds.

    Probabilities are clipped at 1e-6: a forest's may be 0 and 1.
    """
    values = np.asarray(answer, dtype=np.float64)
    if values.ndim == 1:
        return values
    spam = np.clip(values[:, 1], _TINY, 1 - _TINY)
    return np.asarray(np.log(spam / (1 - spam)))


def calibrated(calibrator: LogisticRegression, scores: np.ndarray) -> np.ndarray:
    """Return `(n,) float64` probabilities of spam for `(n,)` decision scores."""
    return np.asarray(calibrator.predict_proba(scores.reshape(-1, 1))[:, 1])
