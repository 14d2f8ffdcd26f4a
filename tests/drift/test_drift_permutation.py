"""The joint calibration: its rate is what was asked for, whatever the statistics are."""

from __future__ import annotations

import numpy as np
import pytest

from stages.config.drift import VOTERS
from stages.drift.permutation import calibrate, common_level, permuted, ranks_from_top
from stages.drift.statistics import STATISTICS
from tests.drift.drift_samples import drift


def fires(values: np.ndarray, quorum: int, rate: float) -> bool:
    calibration = calibrate(values, quorum=quorum, false_alarm_rate=rate)
    fired = bool((values[0] > calibration.thresholds).sum() >= quorum)
    assert fired == (calibration.vote_p_value <= rate + 1e-12)
    return fired


@pytest.mark.parametrize("quorum", [1, 2, 3])
@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_every_exchangeable_row_fires_at_most_at_the_rate(quorum: int, correlation: float) -> None:
    """Exactness: over the rows of one table, taken as observed in turn, at most 5 % fire."""
    rng = np.random.default_rng(quorum)
    shared = rng.normal(size=(200, 1))
    values = correlation * shared + rng.normal(size=(200, 3))
    fired = [
        fires(np.concatenate([values[[i]], np.delete(values, i, axis=0)]), quorum, 0.05)
        for i in range(200)
    ]
    assert 0.02 <= np.mean(fired) <= 0.05


def test_ties_count_against_firing() -> None:
    values = np.zeros((301, 3))
    assert not fires(values, 2, 0.01)
    assert calibrate(values, quorum=2, false_alarm_rate=0.01).vote_p_value == 1.0


def test_a_clear_outlier_fires_with_the_smallest_p_value() -> None:
    values = np.random.default_rng(0).normal(size=(301, 3))
    values[0] = 100
    calibration = calibrate(values, quorum=2, false_alarm_rate=0.01)
    assert (values[0] > calibration.thresholds).all()
    assert calibration.vote_p_value == pytest.approx(1 / 301)
    np.testing.assert_allclose(calibration.p_values, 1 / 301)


def test_one_wild_statistic_is_no_quorum() -> None:
    values = np.random.default_rng(0).normal(size=(301, 3))
    values[0] = [100, -1, -1]
    assert not fires(values, 2, 0.01)


def test_too_few_permutations_can_never_fire() -> None:
    values = np.random.default_rng(0).normal(size=(51, 3))
    values[0] = 100
    calibration = calibrate(values, quorum=2, false_alarm_rate=0.01)
    assert np.isinf(calibration.thresholds).all()


def test_the_fewest_permutations_that_conf_allows_let_each_statistic_fire_alone() -> None:
    assert len(STATISTICS) == VOTERS
    fewest = drift(quorum=1, permutations=100 * VOTERS, false_alarm_rate=0.01)
    values = np.random.default_rng(0).normal(size=(fewest.permutations + 1, len(STATISTICS)))
    calibration = calibrate(values, quorum=1, false_alarm_rate=fewest.false_alarm_rate)
    assert np.isfinite(calibration.thresholds).all()


def test_ranks_count_from_the_top_and_include_ties() -> None:
    column = np.array([[3.0], [1.0], [3.0], [2.0]])
    assert ranks_from_top(column)[:, 0].tolist() == [2, 4, 2, 3]


def test_common_level_is_the_largest_with_few_enough_firings() -> None:
    level_of = np.array([5, 1, 2, 2, 9])
    assert common_level(level_of, allowed=1) == 1
    assert common_level(level_of, allowed=2) == 1
    assert common_level(level_of, allowed=3) == 4
    assert common_level(level_of, allowed=0) == 0


def test_permutations_keep_the_size_of_the_window() -> None:
    observed = np.arange(100) >= 70
    labellings = permuted(observed, 20, np.random.default_rng(0))
    assert (labellings.sum(axis=1) == 30).all()
    assert (labellings[0] == observed).all()
    assert len(np.unique(labellings, axis=0)) == 21
