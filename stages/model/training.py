"""From labelled messages to a fitted, calibrated classifier with a decision threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stages import config
from stages.model.classifier import build, decision_scores, suggest, svd_components
from stages.model.features import FeatureMap, Messages, fit_features
from stages.model.metrics import roc_auc


@dataclass(frozen=True)
class Trained:
    """A fitted model, in the parts that are stored.

    Attributes:
        features: the fitted feature map.
        classifier: a fitted scikit-learn classifier.
        hyperparameters: those that the search chose.
        calibrator: a fitted one-column logistic regression: score to probability of spam.
        threshold: a probability from this on is the verdict "spam".
        trials: the search, a row a trial: number, hyper-parameters, roc_auc.
        out_of_fold: `(n,)` probability of spam of each training message, by a model of the same
            hyper-parameters that has not seen it.
    """

    features: FeatureMap
    classifier: Any
    hyperparameters: dict[str, Any]
    calibrator: Any
    threshold: float
    trials: list[dict[str, Any]]
    out_of_fold: np.ndarray


def train(
    messages: Messages,
    spam: np.ndarray,
    *,
    features: config.Features,
    classifier: config.Classifier,
    search: config.Search,
    decision: config.OperatingPoint,
    seed: int,
    on_trial: Callable[[], None] = lambda: None,
) -> Trained:
    """Search, fit and calibrate a classifier.

    Hyper-parameters are chosen by the cross-validated ROC-AUC (TPE sampler: Bergstra et al. 2011).
    Probabilities are calibrated on out-of-fold scores (Platt 1999), and the threshold is cut on
    these, so that neither has seen the message it speaks of.

    Args:
        messages: the training messages, one of each cluster of near duplicates.
        spam: `(n,) bool`.
        features: the blocks of features.
        classifier: its kind and search space.
        search: trials and folds.
        decision: the ham false-positive rate at which the threshold is cut.
        seed: of the folds, the sampler and the classifier.
        on_trial: called after each trial.
    """
    mapped, X = fit_features(
        messages, features, svd_components=svd_components(classifier), seed=seed
    )
    trials = _search(X, spam, classifier, search, seed, on_trial)
    best = max(trials, key=lambda trial: (trial["roc_auc"], -trial["trial"]))
    hyperparameters = {k: v for k, v in best.items() if k not in ("trial", "roc_auc")}
    scores = _out_of_fold(X, spam, classifier.kind, hyperparameters, search.folds, seed)
    calibrator = _calibrator(scores, spam)
    out_of_fold = calibrated(calibrator, scores)
    threshold = ham_threshold(out_of_fold[~spam], decision.ham_false_positive_rate)
    final = build(classifier.kind, hyperparameters, seed).fit(X, spam)
    return Trained(mapped, final, hyperparameters, calibrator, threshold, trials, out_of_fold)


def calibrated(calibrator: Any, scores: np.ndarray) -> np.ndarray:
    """Return `(n,) float64` probabilities of spam for `(n,)` decision scores."""
    return np.asarray(calibrator.predict_proba(scores.reshape(-1, 1))[:, 1])


def ham_threshold(ham_probabilities: np.ndarray, rate: float) -> float:
    """Return the lowest threshold at which at most `rate` of the ham would be called spam.

    Never below 0.5: where the classes are far apart, any cut between them has that rate.
    """
    descending = np.sort(ham_probabilities)[::-1]
    allowed = int(rate * len(descending))
    above = float(np.nextafter(descending[allowed], 1.0)) if len(descending) else 0.5
    return max(0.5, round(above + 5e-5, 4))


def _search(
    X: Any,
    spam: np.ndarray,
    classifier: config.Classifier,
    search: config.Search,
    seed: int,
    on_trial: Callable[[], None],
) -> list[dict[str, Any]]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    rows = []

    def objective(trial: optuna.Trial) -> float:
        hyperparameters = suggest(trial, classifier)
        scores = _out_of_fold(X, spam, classifier.kind, hyperparameters, search.folds, seed)
        auc = round(roc_auc(spam, scores), 6)
        rows.append({"trial": trial.number, **hyperparameters, "roc_auc": auc})
        on_trial()
        return auc

    study.optimize(objective, n_trials=search.trials)
    return rows


def _out_of_fold(
    X: Any, spam: np.ndarray, kind: str, hyperparameters: dict[str, Any], folds: int, seed: int
) -> np.ndarray:
    from sklearn.model_selection import StratifiedKFold

    scores = np.empty(len(spam))
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for inside, outside in splitter.split(np.zeros(len(spam)), spam):
        fitted = build(kind, hyperparameters, seed).fit(X[inside], spam[inside])
        scores[outside] = decision_scores(fitted, X[outside])
    return scores


def _calibrator(scores: np.ndarray, spam: np.ndarray) -> Any:
    from sklearn.linear_model import LogisticRegression

    # Hardly regularised: Platt's maximum likelihood, kept finite where the classes separate.
    return LogisticRegression(C=1e3).fit(scores.reshape(-1, 1), spam)
