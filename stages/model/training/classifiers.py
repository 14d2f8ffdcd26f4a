"""The classifiers and their search spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stages import config

if TYPE_CHECKING:
    import optuna
    from sklearn.base import ClassifierMixin

Hyperparameters = dict[str, float | int]


def svd_components(classifier: config.Classifier) -> int | None:
    """Return the number of columns to which TF-IDF is reduced for `classifier`; None: it is not."""
    return None if isinstance(classifier, config.Linear) else classifier.svd_components


def suggest(trial: optuna.Trial, classifier: config.Classifier) -> Hyperparameters:
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


def build(kind: str, hyperparameters: Hyperparameters, seed: int) -> ClassifierMixin:
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
