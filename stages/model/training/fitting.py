"""From labelled messages to a fitted, calibrated scorer with a decision threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stages import config
from stages.model.scoring.features import assemble, text_blocks
from stages.model.scoring.messages import Messages
from stages.model.scoring.scorer import Scorer, calibrated
from stages.model.training.calibration import fit_calibrator, ham_threshold
from stages.model.training.classifiers import Hyperparameters, build, svd_components
from stages.model.training.search import (
    Trial,
    best_of,
    out_of_fold_scores,
    search_hyperparameters,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.base import BaseEstimator
    from sklearn.pipeline import FeatureUnion


@dataclass(frozen=True)
class Trained:
    """A fitted model, and how it was found.

    Attributes:
        scorer: the fitted features, classifier and calibration.
        hyperparameters: the values that the search chose, by name.
        threshold: the probability from which on the verdict is "spam".
        trials: the search, in order.
        out_of_fold: `(n,)` probability of spam of each training message, by a model of the same
            hyper-parameters that has not seen it.
    """

    scorer: Scorer
    hyperparameters: Hyperparameters
    threshold: float
    trials: list[Trial]
    out_of_fold: np.ndarray


def fit_filter(
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

    Hyper-parameters are chosen by the cross-validated ROC-AUC. Probabilities are calibrated on
    out-of-fold scores, and the threshold is cut on these, so that neither has seen the message it
    speaks of.

    Args:
        messages: the training messages, one of each cluster of near duplicates.
        spam: `(n,) bool`.
        features: the blocks of features.
        classifier: its kind and search space.
        search: the numbers of trials and folds.
        decision: the ham false-positive rate at which the threshold is cut.
        seed: seeds the folds, the sampler, the SVD and the classifier.
        on_trial: called after each trial.
    """
    feature_map, X = fit_features(
        messages, features, svd_components=svd_components(classifier), seed=seed
    )
    trials = search_hyperparameters(X, spam, classifier, search, seed=seed, on_trial=on_trial)
    chosen = best_of(trials).hyperparameters
    unfitted = build(classifier.kind, chosen, seed)
    scores = out_of_fold_scores(unfitted, X, spam, folds=search.folds, seed=seed)
    calibrator = fit_calibrator(scores, spam)
    out_of_fold = calibrated(calibrator, scores)
    threshold = ham_threshold(out_of_fold[~spam], decision.ham_false_positive_rate)
    scorer = Scorer(feature_map, unfitted.fit(X, spam), calibrator)
    return Trained(scorer, chosen, threshold, trials, out_of_fold)


def fit_features(
    messages: Messages, features: config.Features, *, svd_components: int | None, seed: int
) -> tuple[FeatureUnion, csr_matrix | np.ndarray]:
    """Return the fitted feature map, and the `(n, columns)` features of `messages` themselves.

    The inverse document frequencies, and the SVD if any, see no labels.

    Args:
        messages: n training messages.
        features: the blocks of features.
        svd_components: the number of dense columns to which TF-IDF is reduced, fewer where n or
            the columns are few; None keeps it sparse.
        seed: seeds the randomised SVD.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer

    names = text_blocks(features)
    learned: dict[str, BaseEstimator] = {
        name: TfidfTransformer(sublinear_tf=True) for name in names
    }
    if svd_components and names:
        columns = len(names) * 2**features.hash_bits
        components = min(svd_components, len(messages.texts) - 1, columns - 1)
        learned["svd"] = TruncatedSVD(components, random_state=seed)
    feature_map = assemble(features, learned)
    if "svd" in learned:
        # Its own `fit_transform` gives other last digits than scoring will see.
        return feature_map, feature_map.fit(messages).transform(messages)
    return feature_map, feature_map.fit_transform(messages)
