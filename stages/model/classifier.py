"""The classifiers, their search spaces, and one notion of a score for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stages import config

if TYPE_CHECKING:
    import optuna

# The types beyond skops' own list that our model files may hold: the trees' compiled parts.
TRUSTED_TYPES = [
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
]

_TINY = 1e-6


def svd_components(classifier: config.Classifier) -> int | None:
    """Return to how many columns TF-IDF must be reduced for this classifier; None: not at all."""
    return None if isinstance(classifier, config.Linear) else classifier.svd_components


def suggest(trial: optuna.Trial, classifier: config.Classifier) -> dict[str, float | int]:
    """Return the hyper-parameters that `trial` draws from the search space of `classifier`."""
    if isinstance(classifier, config.Linear):
        return {"C": trial.suggest_float("C", *classifier.C, log=True)}
    if isinstance(classifier, config.RandomForest):
        return {
            "n_estimators": trial.suggest_int("n_estimators", *classifier.n_estimators),
            "max_depth": trial.suggest_int("max_depth", *classifier.max_depth),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", *classifier.min_samples_leaf),
        }
    return {
        "learning_rate": trial.suggest_float("learning_rate", *classifier.learning_rate, log=True),
        "max_iter": trial.suggest_int("max_iter", *classifier.max_iter),
        "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", *classifier.max_leaf_nodes),
    }


def build(kind: str, hyperparameters: dict[str, Any], seed: int) -> Any:
    """Return an unfitted scikit-learn classifier of `kind`."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    kinds = {
        "logistic_regression": LogisticRegression,
        "linear_svm": LinearSVC,
        "random_forest": RandomForestClassifier,
        "gradient_boosting": HistGradientBoostingClassifier,
    }
    fixed: dict[str, dict[str, Any]] = {
        # liblinear is deterministic and the fastest here on a few thousand sparse rows.
        "logistic_regression": {"solver": "liblinear"},
        "gradient_boosting": {"early_stopping": False},
    }
    return kinds[kind](random_state=seed, **fixed.get(kind, {}), **hyperparameters)


def decision_scores(estimator: Any, X: Any) -> np.ndarray:
    """Return `(n,) float64` scores, the higher the more like spam: a margin or a log-odds."""
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(X), dtype=np.float64)
    spam = np.clip(estimator.predict_proba(X)[:, 1], _TINY, 1 - _TINY)
    return np.asarray(np.log(spam / (1 - spam)), dtype=np.float64)
