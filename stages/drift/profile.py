"""What is known of a reference before any window comes: how far its own mail differs from itself.

It depends on the reference alone and takes most of the time of a decision, so it is kept between
runs, in the folder for what serves every run on this machine; a run without it has the same result.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.config import Drift
from stages.drift.permutation import permuted
from stages.drift.sample import Float32, Float64, Pooled, Sample
from stages.drift.statistics import STATISTICS, all_statistics
from stages.drift.statistics.kernel import ReferenceKernel, reference_kernel
from stages.drift.statistics.means import Labelled
from stages.drift.usual import Usual, contiguous_windows, usual_difference
from stages.machine.cache import cache_dir
from stages.machine.files import replacing, sha256

# The null distribution is drawn with windows of this many rows, or of this part of a short
# reference; those of other sizes follow by proportion.
NULL_ROWS, LARGEST_PART = 200, 5
# Of the draws: the same reference always has the same profile.
_SEED = 1
# What computes a profile: one that other code has computed is another one.
CODE = tuple(
    Path(__file__).with_name(name)
    for name in ("permutation.py", "profile.py", "sample.py", "statistics", "usual.py")
)
_NO_KERNEL = (0.0, 0.0)


@dataclass(frozen=True)
class Profile:
    """A reference's own variation.

    Attributes:
        usual: (w, s) float64, the excess of each of its w contiguous windows, see `Usual`.
        null: (permutations, s) float64, the statistics of random windows in units of
            1/m + 1/(n - m); no rows unless the null distribution is taken from the reference.
        kernel: its own kernel; None where it is too large to compute, or not asked for.
    """

    usual: Float64
    null: Float64
    kernel: ReferenceKernel | None

    @property
    def usual_difference(self) -> Usual | None:
        """How far its windows lie from the rest of it; None where it has too few."""
        return Usual(self.usual) if len(self.usual) else None

    def labellings(self, pooled: Pooled) -> Float64:
        """Return the window's statistics, then those of random windows of its size.

        The null distribution is the reference's own: that of random rows of it against the rest, in
        proportion to the variance of a difference of means, 1/m + 1/n. The domain classifier's
        covariance holds the window in both cases: one from the reference alone would fit its own
        rows better than the window's, and fire too often.

        Args:
            pooled: the reference's rows and the window's.

        Returns:
            (permutations + 1, s) float64, as `calibrate` takes them.
        """
        in_window = pooled.in_window.astype(np.float32)[None]
        m, n = int(pooled.in_window.sum()), int((~pooled.in_window).sum())
        observed = all_statistics(Labelled(pooled.embeddings, in_window, self.kernel))
        return np.concatenate([observed, self.null * (1.0 / m + 1.0 / n)])


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
    gamma, within = map(float, kept["kernel"])
    return Profile(kept["usual"], kept["null"], ReferenceKernel(gamma, within) if gamma else None)


def _digest(reference: Sample, asked: list[int]) -> str:
    digest = hashlib.sha256(json.dumps([asked, *map(sha256, _code())]).encode())
    for part in (reference.ids, reference.received_at, reference.embeddings):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _code() -> Iterator[Path]:
    for path in CODE:
        yield from sorted(path.glob("*.py")) if path.is_dir() else [path]


def _write(path: Path, profile: Mapping[str, Float64]) -> None:
    with path.open("wb") as file:
        np.savez(file, usual=profile["usual"], null=profile["null"], kernel=profile["kernel"])


def _read(path: Path) -> Mapping[str, Float64] | None:
    """Return what is kept at `path`; None where there is nothing, or nothing that can be read."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in ("usual", "null", "kernel")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _computed(
    reference: Sample, length: dt.timedelta, drift: Drift, *, own: bool
) -> dict[str, Float64]:
    rng, nothing = np.random.default_rng(_SEED), np.empty((0, len(STATISTICS)))
    windows = contiguous_windows(reference.received_at, length, minimum=drift.min_window)
    usual = usual_difference(reference.embeddings, windows, rng)
    kernel = reference_kernel(reference.embeddings) if own else None
    return {
        "usual": usual.excess if usual else nothing,
        "null": _null(reference.embeddings, drift.permutations, rng) if own else nothing,
        "kernel": np.array(dataclasses.astuple(kernel) if kernel else _NO_KERNEL),
    }


def _null(reference: Float32, permutations: int, rng: np.random.Generator) -> Float64:
    n = len(reference)
    m = max(2, min(NULL_ROWS, n // LARGEST_PART))
    values = all_statistics(Labelled(reference, permuted(np.arange(n) < m, permutations, rng)[1:]))
    return values / (1.0 / m + 1.0 / (n - m))
