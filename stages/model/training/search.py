"""The search for hyper-parameters by cross-validation, and scores that are out of fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stages import config
from stages.model.scoring.scorer import as_scores, scoring_method
from stages.model.training.classifiers import Hyperparameters, build, suggest

if TYPE_CHECKING:
    import optuna
    from scipy.sparse import csr_matrix
    from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class Trial:
    """One trial of the search.

    Attributes:
        number: its place in the search, from 0.
        hyperparameters: the values tried, by name.
        roc_auc: the cross-validated area under the ROC curve, to 6 decimals.
    """

    number: int
    hyperparameters: Hyperparameters
    roc_auc: float

    def row(self) -> dict[str, float | int]:
        """Return the trial as one row of a table."""
        return {"trial": self.number, **self.hyperparameters, "roc_auc": self.roc_auc}


def search_hyperparameters(
    X: csr_matrix | np.ndarray,
    spam: np.ndarray,
    classifier: config.Classifier,
    search: config.Search,
    *,
    seed: int,
    on_trial: Callable[[], None],
) -> list[Trial]:
    """Return the trials of a search with the TPE sampler (Bergstra et al. 2011), in order.

    Args:
        X: `(n, columns)` features.
        spam: `(n,) bool`.
        classifier: its kind and search space.
        search: the numbers of trials and folds.
        seed: seeds the folds, the sampler and the classifier.
        on_trial: called after each trial.
    """
    import optuna
    from sklearn.metrics import roc_auc_score

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    trials: list[Trial] = []

    def objective(drawn: optuna.Trial) -> float:
        hyperparameters = suggest(drawn, classifier)
        unfitted = build(classifier.kind, hyperparameters, seed)
        scores = out_of_fold_scores(unfitted, X, spam, folds=search.folds, seed=seed)
        trial = Trial(drawn.number, hyperparameters, round(float(roc_auc_score(spam, scores)), 6))
        trials.append(trial)
        on_trial()
        return trial.roc_auc

    study.optimize(objective, n_trials=search.trials)
    return trials


def best_of(trials: list[Trial]) -> Trial:
    """Return the trial of the highest area, the first of equals."""
    return max(trials, key=lambda trial: (trial.roc_auc, -trial.number))


def out_of_fold_scores(
    classifier: BaseEstimator,
    X: csr_matrix | np.ndarray,
    spam: np.ndarray,
    *,
    folds: int,
    seed: int,
) -> np.ndarray:
    """Return `(n,) float64` scores, each by a copy of `classifier` that has not seen its message.

    Args:
        classifier: unfitted.
        X: `(n, columns)` features.
        spam: `(n,) bool`.
        folds: the number of stratified folds.
        seed: seeds the folds.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return as_scores(
        cross_val_predict(classifier, X, spam, cv=splitter, method=scoring_method(classifier))
    )
