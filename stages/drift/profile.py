"""What is known of a reference before any window comes: how far its own mail differs from itself.

It depends on the reference alone and takes most of the time of a decision, so it is kept between
runs, in the folder for what serves every run on this machine; a run without it has the same result.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stages.config import Drift
from stages.drift.permutation import permuted
from stages.drift.sample import Pooled, Sample
from stages.drift.statistics import (
    MOST_KERNEL_ROWS,
    Float32,
    Float64,
    cosine_distance,
    domain_classifier,
    evaluate,
    kernel_gamma,
    kernel_sums,
    mean_embeddings,
)
from stages.drift.usual import Usual, contiguous_windows, usual_difference
from stages.machine.cache import cache_dir
from stages.machine.files import replacing, sha256

# The null distribution is drawn with windows of so many rows, or of this part of a short reference;
# those of other sizes follow by proportion.
NULL_ROWS, LARGEST_PART = 200, 5
# Of the draws: the same reference always has the same profile.
_SEED = 1
# What computes a profile: one that other code has computed is another one.
CODE = tuple(
    Path(__file__).with_name(f"{name}.py")
    for name in ("permutation", "profile", "sample", "statistics", "usual")
)


@dataclass(frozen=True)
class Profile:
    """A reference's own variation.

    Attributes:
        usual: (w, 3) float64, the excess of each of its w contiguous windows, see `Usual`.
        null: (permutations, 3) float64, the statistics of random windows in units of
            1/m + 1/(n - m); no rows unless the null distribution is taken from the reference.
        gamma: of its kernel.
        within: the kernel's mean over pairs of its rows; 0 where it is too large to compute.
    """

    usual: Float64
    null: Float64
    gamma: float
    within: float

    @property
    def usual_difference(self) -> Usual | None:
        """How far its windows lie from the rest of it; None where it has too few."""
        return Usual(self.usual) if len(self.usual) else None

    def labellings(self, reference: Float32, pooled: Pooled) -> Float64:
        """Return the window's statistics, then those of random windows of its size.

        The null distribution is the reference's own: that of random rows of it against the rest, in
        proportion to the variance of a difference of means, 1/m + 1/n. The domain classifier's
        covariance holds the window in both cases: one from the reference alone would fit its own
        rows better than the window's, and fire too often.

        Args:
            reference: (n, dim) float32.
            pooled: the same and the window.

        Returns:
            (permutations + 1, 3) float64, as `calibrate` takes them.
        """
        in_window = pooled.in_window.astype(np.float32)[None]
        m, n = int(pooled.in_window.sum()), len(reference)
        observed = self._observed(reference, pooled, in_window)
        return np.concatenate([observed, self.null * (1.0 / m + 1.0 / n)])

    def _observed(self, reference: Float32, pooled: Pooled, in_window: Float32) -> Float64:
        if not self.within:
            return evaluate(pooled.embeddings, in_window)
        means = mean_embeddings(pooled.embeddings, in_window)
        window = pooled.embeddings[pooled.in_window]
        m = len(window)
        inside = (kernel_sums(window, window, self.gamma).sum() - m) / (m * (m - 1))
        between = kernel_sums(window, reference, self.gamma).mean() / len(reference)
        mmd = np.array([inside + self.within - 2.0 * between])
        columns = domain_classifier(pooled.embeddings, means), mmd, cosine_distance(means)
        return np.stack(columns, axis=1)


def profile_of(reference: Sample, length: dt.timedelta, drift: Drift) -> Profile:
    """Return the profile of `reference`, from the cache if it is there.

    Args:
        reference: at least 2 messages, sorted by id.
        length: of a window.
        drift: says which null distribution is asked for, and what a window must hold.
    """
    own = drift.null_distribution == "reference"
    asked = [length.days, drift.min_window, drift.permutations if own else 0]
    path = cache_dir() / "profiles" / f"{_digest(reference, asked)}.npz"
    kept = _read(path)
    if kept is None:
        kept = _computed(reference, length, drift, own=own)
        # Without room or permission the next run computes it again.
        with contextlib.suppress(OSError), replacing(path) as temporary:
            _write(temporary, kept)
    return Profile(kept["usual"], kept["null"], *map(float, kept["kernel"]))


def _digest(reference: Sample, asked: list[int]) -> str:
    digest = hashlib.sha256(json.dumps([asked, *map(sha256, CODE)]).encode())
    for part in (reference.ids, reference.received_at, reference.embeddings):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _write(path: Path, profile: Mapping[str, Any]) -> None:
    with path.open("wb") as file:
        np.savez(file, usual=profile["usual"], null=profile["null"], kernel=profile["kernel"])


def _read(path: Path) -> Mapping[str, Any] | None:
    """Return what is kept at `path`; None where there is nothing, or nothing that can be read."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in ("usual", "null", "kernel")}
    except (OSError, ValueError, KeyError, EOFError):
        return None


def _computed(
    reference: Sample, length: dt.timedelta, drift: Drift, *, own: bool
) -> dict[str, Float64]:
    rng = np.random.default_rng(_SEED)
    windows = contiguous_windows(reference.received_at, length, minimum=drift.min_window)
    usual = usual_difference(reference.embeddings, windows, rng)
    return {
        "usual": usual.excess if usual else np.empty((0, 3)),
        "null": _null(reference.embeddings, drift.permutations, rng) if own else np.empty((0, 3)),
        "kernel": np.array(_kernel(reference.embeddings) if own else (0.0, 0.0)),
    }


def _null(reference: Float32, permutations: int, rng: np.random.Generator) -> Float64:
    n = len(reference)
    m = max(2, min(NULL_ROWS, n // LARGEST_PART))
    values = evaluate(reference, permuted(np.arange(n) < m, permutations, rng)[1:])
    return values / (1.0 / m + 1.0 / (n - m))


def _kernel(reference: Float32) -> tuple[float, float]:
    gamma, n = kernel_gamma(reference), len(reference)
    if n > MOST_KERNEL_ROWS:
        return gamma, 0.0
    return gamma, float((kernel_sums(reference, reference, gamma).sum() - n) / (n * (n - 1)))
