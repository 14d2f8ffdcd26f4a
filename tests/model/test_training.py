"""Search, calibration and threshold, on messages that can be told apart."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import TypedDict, Unpack, cast

import numpy as np
import pytest

from stages import config
from stages.machine.errors import DataError
from stages.model.evaluation import HoldoutScores, evaluate
from stages.model.metrics import ROC_AUC, roc_auc
from stages.model.scoring.messages import Messages
from stages.model.tables import Split
from stages.model.training.calibration import ham_threshold
from stages.model.training.fitting import Trained, fit_filter
from stages.records.interval import Interval

FEATURES = config.Features(
    embedding=True,
    words=True,
    characters=True,
    word_ngrams=[1, 2],
    character_ngrams=[3, 4],
    hash_bits=12,
    embedding_weight=0.5,
    scrub=True,
    max_chars=2000,
)
CLASSIFIERS: dict[str, config.Classifier] = {
    "logistic_regression": config.Linear("logistic_regression", [0.1, 10.0]),
    "linear_svm": config.Linear("linear_svm", [0.1, 10.0]),
    "random_forest": config.RandomForest("random_forest", [20, 40], [3, 8], [1, 3], 10),
    "gradient_boosting": config.GradientBoosting(
        "gradient_boosting", [0.05, 0.2], [20, 30], [3, 7], 10
    ),
}
HAM_WORDS = [
    "patch",
    "kernel",
    "meeting",
    "compile",
    "list",
    "thread",
    "linux",
    "release",
    "mirror",
    "bug",
]
SPAM_WORDS = [
    "winner",
    "money",
    "click",
    "guarantee",
    "offer",
    "viagra",
    "loan",
    "free",
    "credit",
    "prize",
]


class Blocks(TypedDict, total=False):
    """Which blocks of features there are, unlike in `FEATURES`."""

    embedding: bool
    words: bool
    characters: bool


def mail(n: int, seed: int) -> tuple[Messages, np.ndarray]:
    """Messages of mostly their own class's words, and embeddings that lean the same way."""
    rng = np.random.default_rng(seed)
    spam = rng.random(n) < 0.4
    texts = []
    for is_spam in spam:
        own, other = (SPAM_WORDS, HAM_WORDS) if is_spam else (HAM_WORDS, SPAM_WORDS)
        texts.append(" ".join([*rng.choice(own, 8), *rng.choice(other, 4)]))
    vectors = rng.normal(size=(n, 16)) + spam[:, None] * 0.6
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return Messages(vectors, [""] * n, texts), spam


def trained_on(
    messages: Messages, spam: np.ndarray, kind: str, **features: Unpack[Blocks]
) -> Trained:
    return fit_filter(
        messages,
        spam,
        features=dataclasses.replace(FEATURES, **features),
        classifier=CLASSIFIERS[kind],
        search=config.Search(trials=3, folds=3),
        decision=config.OperatingPoint(ham_false_positive_rate=0.02),
        seed=5,
    )


def probabilities(trained: Trained, messages: Messages) -> np.ndarray:
    return trained.scorer.probabilities(messages)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_every_classifier_learns_and_says_probabilities(kind: str) -> None:
    trained = trained_on(*mail(300, 1), kind)
    messages, spam = mail(300, 2)
    p = probabilities(trained, messages)
    assert p.min() >= 0
    assert p.max() <= 1
    assert roc_auc(spam, p) > 0.85
    assert [trial.number for trial in trained.trials] == [0, 1, 2]


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_the_same_seed_gives_the_same_model(kind: str) -> None:
    messages, spam = mail(150, 1)
    one, other = (trained_on(messages, spam, kind) for _ in range(2))
    assert one.trials == other.trials
    assert one.threshold == other.threshold
    np.testing.assert_array_equal(probabilities(one, messages), probabilities(other, messages))


@pytest.mark.parametrize(
    "blocks",
    [{"words": False, "characters": False}, {"embedding": False}, {"characters": False}],
)
def test_any_choice_of_blocks_works_with_trees_and_lines(blocks: Blocks) -> None:
    messages, spam = mail(150, 1)
    for kind in ("logistic_regression", "random_forest"):
        assert len(probabilities(trained_on(messages, spam, kind, **blocks), messages)) == 150


def test_a_probability_does_not_depend_on_the_company() -> None:
    trained = trained_on(*mail(200, 1), "logistic_regression")
    messages, _ = mail(20, 3)
    together = probabilities(trained, messages)
    alone = [
        probabilities(trained, Messages(messages.embeddings[i : i + 1], [""], [messages.texts[i]]))[
            0
        ]
        for i in range(20)
    ]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rate", [0.005, 0.02, 0.1])
def test_the_threshold_costs_no_more_ham_than_allowed(rate: float) -> None:
    ham = np.random.default_rng(0).beta(1, 3, 1000)
    threshold = ham_threshold(ham, rate)
    assert np.mean(ham >= threshold) <= rate


def test_the_threshold_is_never_below_even_odds() -> None:
    assert ham_threshold(np.full(100, 0.01), 0.1) == 0.5


def test_rows_of_other_messages_are_refused() -> None:
    with pytest.raises(ValueError, match=r"embeddings \(2\), subjects \(1\)"):
        Messages(np.zeros((2, 4), np.float32), ["a"], ["b", "c"])


def test_champion_and_candidate_differ_by_a_paired_interval() -> None:
    rng = np.random.default_rng(0)
    spam = np.arange(400) < 150
    p = np.clip(rng.normal(0.3 + 0.3 * spam, 0.15), 0, 1)
    table = {
        "received_at": [np.datetime64("2002-08-01").astype(object)] * 400,
        "is_list": [None] * 400,
        "is_html": [True] * 400,
        "sealed": [None] * 400,
        "text": ["x" * 10] * 400,
    }
    split = cast(Split, SimpleNamespace(spam=spam, column=table.__getitem__))
    candidate, champion = (
        HoldoutScores("a" * 64, p, 0.5),
        HoldoutScores("b" * 64, np.roll(p, 1), 0.5),
    )
    evaluation = config.Evaluation(resamples=200, confidence=0.95)
    report = evaluate(split, candidate, champion, evaluation, seed=1)
    same = evaluate(split, candidate, candidate, evaluation, seed=1)
    assert report.champion
    assert report.difference
    own, theirs, apart = (
        metrics[ROC_AUC.name].value or 0.0
        for metrics in (report.candidate.metrics, report.champion.metrics, report.difference)
    )
    assert apart == pytest.approx(own - theirs)
    assert report.champion.saw_holdout is False
    seen = dataclasses.replace(champion, trained_until=table["received_at"][0])
    flattered = evaluate(split, candidate, seen, evaluation, seed=1).champion
    assert flattered
    assert flattered.saw_holdout
    assert same.difference
    assert same.difference[ROC_AUC.name] == Interval(0.0, 0.0, 0.0)
    # Every message is HTML, short, of one month; nobody knows of lists.
    assert set(report.slices) == {"month 2002-08", "html yes", "length below 1000"}
    table["sealed"] = ["smime"] * 400
    assert "sealed" in evaluate(split, candidate, None, evaluation, seed=1).slices


def test_fewer_messages_of_a_class_than_folds_are_one_line() -> None:
    from stages.train import _check_classes

    split = cast(Split, SimpleNamespace(spam=np.arange(100) < 4))
    _check_classes(split, folds=4)
    with pytest.raises(DataError, match=r"96 ham and 4 spam; expected at least 5 of each"):
        _check_classes(split, folds=5)
