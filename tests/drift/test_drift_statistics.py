"""The statistics against their textbook forms, one labelling at a time."""

from __future__ import annotations

import numpy as np
import pytest

from stages.drift.permutation import permuted
from stages.drift.statistics import all_statistics
from stages.drift.statistics.cosine import cosine_distance
from stages.drift.statistics.domain_classifier import SHRINKAGE, domain_classifier, implied_auc
from stages.drift.statistics.kernel import KERNEL_BLOCK, kernel_gamma
from stages.drift.statistics.means import Labelled, mean_embeddings
from stages.drift.statistics.mmd import maximum_mean_discrepancy
from tests.drift.drift_samples import embeddings


@pytest.fixture
def pooled() -> np.ndarray:
    """More rows than one block of the kernel, and not a multiple of it."""
    return embeddings(np.random.default_rng(3), KERNEL_BLOCK + 71, [0, 1, 2])


@pytest.fixture
def labellings(pooled: np.ndarray) -> np.ndarray:
    """The last 60 rows as the window, then four permutations."""
    observed = np.arange(len(pooled)) >= len(pooled) - 60
    return permuted(observed, 4, np.random.default_rng(4))


def split(pooled: np.ndarray, labelling: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    exact = pooled.astype(np.float64)
    return exact[labelling == 1], exact[labelling == 0]


def test_mmd_is_the_unbiased_estimate(pooled: np.ndarray, labellings: np.ndarray) -> None:
    gamma = kernel_gamma(pooled)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        values: np.ndarray = np.exp(-gamma * ((a[:, None] - b[None]) ** 2).sum(axis=2))
        return values

    def off_diagonal_mean(a: np.ndarray) -> float:
        n = len(a)
        return float((kernel(a, a).sum() - n) / (n * (n - 1)))

    expected = []
    for labelling in labellings:
        window, rest = split(pooled, labelling)
        between = 2 * kernel(window, rest).mean()
        expected.append(off_diagonal_mean(window) + off_diagonal_mean(rest) - between)
    found = maximum_mean_discrepancy(pooled, labellings)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_domain_classifier_is_the_distance_under_the_covariance_within_the_two_sides(
    pooled: np.ndarray, labellings: np.ndarray
) -> None:
    found = domain_classifier(pooled, mean_embeddings(pooled, labellings))
    exact = pooled.astype(np.float64)
    mean_variance = exact.var(axis=0).mean()
    for value, labelling in zip(found, labellings, strict=True):
        window, rest = split(pooled, labelling)
        centred = np.concatenate([window - window.mean(axis=0), rest - rest.mean(axis=0)])
        within = centred.T @ centred / len(pooled)
        shrunk = (1 - SHRINKAGE) * within + SHRINKAGE * mean_variance * np.eye(len(within))
        delta = window.mean(axis=0) - rest.mean(axis=0)
        assert value == pytest.approx(delta @ np.linalg.solve(shrunk, delta), rel=1e-4)


def test_cosine_distance_is_that_of_the_means(pooled: np.ndarray, labellings: np.ndarray) -> None:
    found = cosine_distance(mean_embeddings(pooled, labellings))
    for value, labelling in zip(found, labellings, strict=True):
        a, b = (side.mean(axis=0) for side in split(pooled, labelling))
        expected = 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert value == pytest.approx(expected, abs=1e-6)


def test_random_features_stand_in_for_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    shifted = np.concatenate([embeddings(rng, 900, [0, 1, 2]), embeddings(rng, 300, [0, 5])])
    labellings = permuted(np.arange(1200) >= 900, 40, rng)
    exact = maximum_mean_discrepancy(shifted, labellings)
    monkeypatch.setattr("stages.drift.statistics.kernel.MOST_KERNEL_ROWS", 1199)
    stood_in = maximum_mean_discrepancy(shifted, labellings)
    assert stood_in[0] == pytest.approx(exact[0], rel=0.1)
    assert np.abs(stood_in[1:]).max() < exact[0] / 10
    np.testing.assert_array_equal(stood_in, maximum_mean_discrepancy(shifted, labellings))


def test_bandwidth_is_the_median_of_all_pairs_where_the_sample_is_small() -> None:
    rows = embeddings(np.random.default_rng(0), 40, [0, 1])
    pairs = [np.sum((a - b) ** 2) for i, a in enumerate(rows) for b in rows[:i]]
    assert kernel_gamma(rows) == pytest.approx(0.5 / np.median(pairs), rel=1e-5)


def test_labellings_of_different_sizes_can_share_a_call(pooled: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    small, large = (permuted(np.arange(len(pooled)) < size, 2, rng) for size in (30, 200))
    together = all_statistics(Labelled(pooled, np.concatenate([small, large])))
    apart = np.concatenate(
        [all_statistics(Labelled(pooled, small)), all_statistics(Labelled(pooled, large))]
    )
    np.testing.assert_allclose(together, apart, rtol=1e-5, atol=1e-7)


def test_implied_auc_runs_from_chance_to_certainty() -> None:
    assert implied_auc(-1.0) == implied_auc(0.0) == 0.5
    assert implied_auc(2.0) == pytest.approx(0.8413, abs=1e-4)  # Phi(1)
    assert implied_auc(1e6) == 1.0


def test_identical_messages_are_finite() -> None:
    same = np.repeat(embeddings(np.random.default_rng(0), 1, [0]), 80, axis=0)
    labellings = permuted(np.arange(80) >= 60, 5, np.random.default_rng(0))
    assert np.isfinite(all_statistics(Labelled(same, labellings))).all()
    assert np.isfinite(all_statistics(Labelled(np.zeros_like(same), labellings))).all()
