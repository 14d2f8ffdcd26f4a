"""Our weighted metrics are the field's metrics."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn import metrics as sk

from stages.model.metrics import (
    METRICS,
    ROC_AUC,
    metrics_at,
    one_minus_auc_percent,
    spam_recall_at,
)
from stages.model.resampling import bootstrap_chunks, bootstrap_weights, interval, resampled


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    spam = rng.random(500) < 0.3
    # Two decimals: many ties.
    probability = np.round(np.clip(0.35 * spam + rng.random(500) * 0.65, 0, 1), 2)
    return spam, probability


def test_point_estimates_are_those_of_scikit_learn(scored: tuple[np.ndarray, np.ndarray]) -> None:
    spam, p = scored
    values = resampled(metrics_at(0.5), spam, p, bootstrap_weights(spam, 200, 0))
    expected = {
        "roc_auc": sk.roc_auc_score(spam, p),
        "one_minus_auc_percent": 100 * (1 - sk.roc_auc_score(spam, p)),
        "pr_auc": sk.average_precision_score(spam, p),
        "f1": sk.f1_score(spam, p >= 0.5),
        "recall": sk.recall_score(spam, p >= 0.5),
        "ham_false_positive_rate": np.mean(p[~spam] >= 0.5),
        "brier": sk.brier_score_loss(spam, p),
        "log_loss": sk.log_loss(spam, np.clip(p, 1e-6, 1 - 1e-6)),
    }
    for name, value in expected.items():
        assert values[name][0] == pytest.approx(value), name


def test_a_resample_is_the_metric_of_the_drawn_messages(
    scored: tuple[np.ndarray, np.ndarray],
) -> None:
    spam, p = scored
    weights = bootstrap_weights(spam, 100, 7)
    values = resampled(metrics_at(0.5), spam, p, weights)
    drawn = np.repeat(np.arange(len(spam)), weights[41].astype(int))
    assert values["roc_auc"][42] == pytest.approx(sk.roc_auc_score(spam[drawn], p[drawn]))
    assert values["pr_auc"][42] == pytest.approx(sk.average_precision_score(spam[drawn], p[drawn]))
    assert values["brier"][42] == pytest.approx(sk.brier_score_loss(spam[drawn], p[drawn]))


def test_resamples_in_chunks_are_the_same() -> None:
    spam = np.arange(50) % 3 == 0
    chunks = list(bootstrap_chunks(spam, 20, 5, itertools.repeat(7)))
    assert [len(chunk) for chunk in chunks] == [7, 7, 6]
    assert np.array_equal(np.concatenate(chunks), bootstrap_weights(spam, 20, 5))


def test_recall_counts_the_ham_that_it_may_cost() -> None:
    spam = np.array([True] * 3 + [False] * 100)
    p = np.concatenate([[0.95, 0.85, 0.1], [0.9], np.linspace(0.2, 0.5, 99)])
    assert spam_recall_at(spam, p, 0.01) == pytest.approx(2 / 3)
    assert spam_recall_at(spam, p, 0.001) == pytest.approx(1 / 3)


def test_a_perfect_and_an_inverted_ranking() -> None:
    spam = np.array([True, True, False])
    assert one_minus_auc_percent(spam, np.array([0.9, 0.8, 0.1])) == 0
    assert one_minus_auc_percent(spam, np.array([0.1, 0.2, 0.9])) == 100


def test_calibration_error_is_the_gap_of_probability_and_share() -> None:
    spam = np.array([True, False] * 50)
    values = resampled(metrics_at(0.5), spam, np.full(100, 0.8), bootstrap_weights(spam, 100, 0))
    assert values["expected_calibration_error"][0] == pytest.approx(0.3)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        spam = np.arange(200) < 80
        p = rng.normal(spam * 1.0, 1.0)
        found = interval(
            resampled({"auc": ROC_AUC.at(0.5)}, spam, p, bootstrap_weights(spam, 200, seed))["auc"],
            0.9,
        )
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.7602 <= found.high  # Phi(1 / sqrt 2)
    assert 165 <= covered <= 195


def test_memory_chunks_do_not_change_the_values(
    scored: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    spam, p = scored
    weights = bootstrap_weights(spam, 50, 3)
    whole = resampled(metrics_at(0.5), spam, p, weights)
    monkeypatch.setattr("stages.model.resampling._CHUNK", 500 * 7)
    for name, values in resampled(metrics_at(0.5), spam, p, weights).items():
        np.testing.assert_allclose(values, whole[name])


def test_the_table_names_each_metric_once_and_few_of_them_are_headlines() -> None:
    for names in ([m.name for m in METRICS], [m.title for m in METRICS]):
        assert len(set(names)) == len(METRICS)
    headlines = [metric.headline for metric in METRICS if metric.headline]
    assert len(set(headlines)) == len(headlines) <= 10
