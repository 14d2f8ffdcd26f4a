"""A comparison says the same whatever the row order, thread count or process."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stages.drift.comparison import FALLBACK_THRESHOLDS, Comparison, comparison_of
from stages.drift.sample import Sample
from stages.drift.statistics import STATISTICS
from stages.drift.usual import FEWEST_WINDOWS, MOST_WINDOWS, contiguous_windows
from tests.drift.drift_samples import START, drift, sample

WEEK = dt.timedelta(days=7)


def run(reference: Sample, window: Sample, seed: int = 1, **changes: float) -> Comparison:
    rng = np.random.default_rng(seed)
    return comparison_of(reference, window, drift=drift(**changes), length=WEEK, rng=rng)


def shuffled(messages: Sample, rng: np.random.Generator) -> Sample:
    order = rng.permutation(len(messages))
    return Sample(messages.ids[order], messages.received_at[order], messages.embeddings[order])


@pytest.mark.parametrize("seed", range(8))
def test_a_window_like_the_reference_does_not_fire(seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    comparison = run(sample(rng, 500, [0, 1, 2, 3]), sample(rng, 120, [0, 1, 2, 3]))
    assert comparison.votes < 2


@pytest.mark.parametrize("seed", range(3))
def test_a_new_topic_fires(seed: int) -> None:
    rng = np.random.default_rng(seed)
    comparison = run(sample(rng, 500, [0, 1, 2, 3]), sample(rng, 120, [0, 1, 2, 7]))
    assert comparison.votes >= 2
    assert comparison.vote_p_value <= 0.01
    assert all(s.ratio > 1 for s in comparison.statistics.values() if s.voted)


def test_row_order_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    reference, window = sample(rng, 300, [0, 1, 2]), sample(rng, 80, [0, 1, 3])
    expected = run(reference, window)
    for _ in range(3):
        assert run(shuffled(reference, rng), shuffled(window, rng)) == expected


def test_inputs_and_the_global_generator_stay_as_they_are() -> None:
    rng = np.random.default_rng(5)
    reference, window = sample(rng, 300, [0, 1, 2]), sample(rng, 80, [0, 1, 3])
    before = [array.copy() for s in (reference, window) for array in vars(s).values()]
    state = np.random.get_state(legacy=False)["state"]["key"].copy()
    run(reference, window)
    after = [array for s in (reference, window) for array in vars(s).values()]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert np.array_equal(state, np.random.get_state(legacy=False)["state"]["key"])


_PROGRAM = """
import dataclasses, datetime, json, sys
import numpy as np
from tests.drift.drift_samples import drift, sample
from stages.drift.comparison import comparison_of
from stages.machine.files import rounded
rng = np.random.default_rng(2)
reference, window = sample(rng, 900, [0, 1, 2]), sample(rng, 300, [0, 1, 2])
week = datetime.timedelta(days=7)
found = comparison_of(reference, window, drift=drift(), length=week, rng=np.random.default_rng(1))
print(json.dumps(rounded(dataclasses.asdict(found))))
"""


@pytest.mark.slow
def test_thread_count_and_process_do_not_matter(root: Path) -> None:
    found = []
    for threads in ("1", "2", "4"):
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "PYTHONPATH": f"{root}{os.pathsep}{Path(__file__).parent}",
        }
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM], env=environment, capture_output=True, check=True
        )
        found.append(json.loads(done.stdout))
    assert found[0] == found[1] == found[2]


def test_a_message_in_both_samples_is_allowed() -> None:
    rng = np.random.default_rng(6)
    reference = sample(rng, 300, [0, 1, 2])
    taken = rng.choice(300, 100, replace=False)
    window = Sample(reference.ids[taken], reference.received_at[taken], reference.embeddings[taken])
    assert run(reference, window).votes == 0


def test_effects_are_measured_against_the_usual_difference_between_weeks() -> None:
    """Two topics that take turns week by week: a week of one of them is nothing unusual."""
    rng = np.random.default_rng(8)
    weeks = [sample(rng, 150, [0, 1, week % 2 + 2], days=7, start=7 * week) for week in range(4)]
    reference = Sample(
        *(np.concatenate([getattr(week, name) for week in weeks]) for name in vars(weeks[0]))
    )
    usual = run(reference, sample(rng, 150, [0, 1, 2], days=7, start=28))
    new = run(reference, sample(rng, 150, [4, 5, 6], days=7, start=28))
    assert usual.usual_windows == new.usual_windows == 4
    assert usual.votes >= 2
    assert max(s.effect for s in usual.statistics.values()) < 1.7
    assert min(s.effect for s in new.statistics.values()) > 1.7


def test_a_short_reference_falls_back_to_a_multiple_of_the_thresholds() -> None:
    rng = np.random.default_rng(8)
    reference = sample(rng, 300, [0, 1, 2], days=6)
    found = run(reference, sample(rng, 100, [0, 1, 4], days=7, start=7))
    assert found.usual_windows == 0
    for statistic in found.statistics.values():
        assert statistic.effect == pytest.approx(statistic.ratio / FALLBACK_THRESHOLDS)


def test_effects_of_independent_mail_are_in_units_of_the_threshold_at_least() -> None:
    rng = np.random.default_rng(9)
    found = run(sample(rng, 800, [0, 1, 2]), sample(rng, 100, [0, 1, 2], days=7, start=28))
    assert found.usual_windows == 4
    assert all(s.effect <= s.ratio + 1e-9 for s in found.statistics.values() if s.ratio > 0)


def test_a_long_reference_says_itself_how_far_its_windows_lie() -> None:
    """With 19 windows and more, what only one in twenty exceeds needs no floor of ours."""
    rng = np.random.default_rng(11)
    weeks = [sample(rng, 60, [0, 1, week % 2 + 2], days=7, start=7 * week) for week in range(24)]
    reference = Sample(
        *(np.concatenate([getattr(week, name) for week in weeks]) for name in vars(weeks[0]))
    )
    usual = run(reference, sample(rng, 60, [0, 1, 2], days=7, start=168), effect_floor=99.0)
    new = run(reference, sample(rng, 60, [4, 5, 6], days=7, start=168), effect_floor=99.0)
    assert (new.usual_windows, new.usual_known) == (24, True)
    assert usual.unusual == 0
    assert new.unusual == len(STATISTICS)
    assert all(s.floor is not None and s.floor < 99 for s in new.statistics.values())
    assert not run(reference, sample(rng, 60, [0], start=168), unusual_rate=0.01).usual_known


def test_windows_of_the_past_are_contiguous_and_large_enough() -> None:
    hours = np.arange(0, 30 * 24, 2).astype("timedelta64[h]")
    received = START + hours
    # The oldest two days are no whole week of 84 messages.
    masks = contiguous_windows(received, WEEK, minimum=50)
    assert [int(mask.sum()) for mask in masks] == [84, 84, 84, 84]
    assert received[masks[0]].min() > received[masks[1]].max()
    assert len(contiguous_windows(received, WEEK, minimum=10)) == 5
    assert contiguous_windows(received, dt.timedelta(days=40), minimum=50) == []
    assert len(contiguous_windows(received, dt.timedelta(days=1), minimum=5)) == 30
    assert len(contiguous_windows(received, dt.timedelta(hours=6), minimum=2)) == MOST_WINDOWS
    assert FEWEST_WINDOWS == 2
