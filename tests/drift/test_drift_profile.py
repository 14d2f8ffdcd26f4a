"""The profile of a reference: the same with and without its cache, and a null distribution."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from stages.drift.comparison import Comparison, comparison_of
from stages.drift.sample import Sample
from stages.drift.statistics import STATISTICS
from tests.drift.drift_samples import drift, sample

WEEK = dt.timedelta(days=7)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPAMLINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache/profiles"


def run(reference: Sample, window: Sample, null: str = "reference") -> Comparison:
    limits = drift(null_distribution=null)
    return comparison_of(reference, window, drift=limits, length=WEEK, rng=np.random.default_rng(1))


@pytest.mark.parametrize("null", ["permutation", "reference"])
def test_a_kept_profile_changes_nothing(cache: Path, null: str) -> None:
    rng = np.random.default_rng(1)
    reference, window = sample(rng, 400, [0, 1, 2]), sample(rng, 100, [0, 1, 3])
    first = run(reference, window, null)
    (kept,) = cache.iterdir()
    made = kept.stat().st_mtime_ns
    assert run(reference, window, null) == first
    assert kept.stat().st_mtime_ns == made
    kept.write_bytes(b"PK no profile")
    assert run(reference, window, null) == first


def test_a_cache_that_cannot_be_written_is_no_trouble(cache: Path) -> None:
    cache.parent.write_text("a file where the folder should be")
    rng = np.random.default_rng(1)
    reference, window = sample(rng, 400, [0, 1, 2]), sample(rng, 100, [0, 1, 3])
    assert run(reference, window).votes == len(STATISTICS)


def test_another_reference_has_another_profile(cache: Path) -> None:
    rng = np.random.default_rng(2)
    for _ in range(2):
        run(sample(rng, 400, [0, 1, 2]), sample(rng, 100, [0, 1, 2]))
    assert len(list(cache.iterdir())) == 2


def test_what_other_code_has_computed_is_computed_anew(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tmp_path / "statistics.py"
    monkeypatch.setattr("stages.drift.profile.CODE", (code,))
    rng = np.random.default_rng(1)
    reference, window = sample(rng, 400, [0, 1, 2]), sample(rng, 100, [0, 1, 3])
    code.write_text("SHRINKAGE = 0.75")
    first = run(reference, window)
    code.write_text("SHRINKAGE = 0.85")
    monkeypatch.setattr("stages.drift.statistics.domain_classifier.SHRINKAGE", 0.2)
    kept = list(cache.iterdir())
    other = run(reference, window)
    assert len(list(cache.iterdir())) == len(kept) + 1
    for path in kept:
        path.unlink()
    assert run(reference, window) == other != first


@pytest.mark.parametrize("size", [40, 200])
def test_the_reference_s_own_null_distribution_keeps_the_rate(size: int) -> None:
    """Windows of other sizes than those that were drawn; 1 % is asked for."""
    rng = np.random.default_rng(size)
    pool = sample(rng, 6000, [0, 1, 2, 3])
    reference = pool.kept(np.arange(500))
    windows = (pool.kept(500 + rng.choice(5500, size, replace=False)) for _ in range(100))
    assert sum(run(reference, window).votes >= 2 for window in windows) <= 5


def test_both_null_distributions_see_a_new_topic() -> None:
    rng = np.random.default_rng(4)
    reference, window = sample(rng, 500, [0, 1, 2]), sample(rng, 120, [0, 1, 2, 7])
    exact, own = (run(reference, window, null) for null in ("permutation", "reference"))
    assert exact.votes == own.votes == len(STATISTICS)
    for one, other in zip(exact.statistics.values(), own.statistics.values(), strict=True):
        assert one.value == pytest.approx(other.value, rel=0.05)
        assert one.threshold == pytest.approx(other.threshold, rel=0.25)
