"""The detectors that are compared: ours, what the original system did, and two published ones.

Each says whether a window differs from a reference. Imports are inside: a worker needs one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import call
from stages import config
from stages.drift.comparison import comparison_of
from stages.drift.sample import Sample
from stages.machine.cache import cache_dir

Rows = NDArray[np.float32]
Detector = Callable[[Rows, Rows, int], bool]
FROUROS = (
    "frouros==0.9.0 --hash=sha256:0c88ddeccfe2ac1f105b44efcfc65ba5b879cd8a07e492139c4316677b708980"
)
# Of the published test, as of our vote.
LEVEL = 0.01
QUORUM = 2


def vote(reference: Rows, window: Rows, seed: int, *, null: str) -> bool:
    """Our vote on rows that have no ids yet."""
    return vote_on(sampled(reference), sampled(window), seed, null=null)


def vote_on(reference: Sample, window: Sample, seed: int, *, null: str) -> bool:
    """Our vote, as the monitor stage takes it, with the shipped parameters."""
    drift = _drift(null)
    length, rng = dt.timedelta(days=7), np.random.default_rng(seed)
    return (
        comparison_of(reference, window, drift=drift, length=length, rng=rng).votes >= drift.quorum
    )


@cache
def _drift(null: str) -> config.Drift:
    overrides = [f"drift.null_distribution={null}"]
    return config.validate(config.compose(overrides), "conf/").drift


def sampled(rows: Rows) -> Sample:
    """Return `rows` as messages: ids by content, which no order of the sides shows in."""
    ids = np.array([hashlib.sha256(row.tobytes()).hexdigest() for row in rows])
    # All on one day: there are no usual windows to look at, which plays no part in the vote.
    return Sample(ids, np.full(len(rows), np.datetime64("2002-07-01", "us")), rows)


def evidently(reference: Rows, window: Rows, seed: int, *, bootstrap: bool) -> bool:
    """Evidently's three embedding methods, two of three, each as its function is called.

    Without bootstrap at the original system's thresholds; with it at the library's own defaults.
    """
    import warnings

    import pandas as pd

    np.random.seed(seed)  # noqa: NPY002 -- it draws from numpy's global state
    votes = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method in evidently_methods(bootstrap=bootstrap):
            # Copies: its classifier adds a column to the caller's frames.
            frames = (pd.DataFrame(side).add_prefix("e") for side in (window, reference))
            votes += bool(method(*frames)[1])
    return votes >= QUORUM


def evidently_methods(*, bootstrap: bool = False) -> list[Any]:
    """Return classifier, MMD and cosine distance, at the original thresholds or bootstrapped."""
    from evidently.legacy.metrics.data_drift import embedding_drift_methods as methods

    if bootstrap:
        return [call(bootstrap=True) for call in (methods.model, methods.mmd, methods.distance)]
    return [
        methods.model(threshold=0.55),
        methods.mmd(threshold=0.015),
        methods.distance(dist="cosine", threshold=0.2),
    ]


def frouros_tests(reference: Rows, window: Rows, seed: int) -> bool:
    """A Kolmogorov-Smirnov test of each dimension by frouros, with Bonferroni's correction.

    Of what Rabanser et al. 2019 (NeurIPS, "Failing Loudly") compare, the one that they recommend.
    Its MMD with a permutation test takes half a minute a window, too long for rates.
    """
    del seed
    install_frouros()
    from frouros.detectors.data_drift import KSTest

    level = LEVEL / reference.shape[1]
    for past, now in zip(reference.T, window.T, strict=True):
        detector = KSTest()
        detector.fit(X=past)
        if detector.compare(X=now)[0].p_value <= level:
            return True
    return False


@cache
def install_frouros() -> None:
    """Put frouros beside the project: it states older dependencies than ours, and needs none."""
    folder = cache_dir() / "benchmarks" / "frouros"
    if not folder.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        pinned = cache_dir() / "benchmarks" / "frouros.txt"
        pinned.parent.mkdir(parents=True, exist_ok=True)
        pinned.write_text(FROUROS)
        call([*pip, str(folder), "--require-hashes", "-r", str(pinned)])
    sys.path.append(str(folder))


DETECTORS: dict[str, Detector] = {
    "spamline": partial(vote, null="permutation"),
    "spamline, null kept": partial(vote, null="reference"),
    "original thresholds": partial(evidently, bootstrap=False),
    "Evidently's bootstrap": partial(evidently, bootstrap=True),
    "frouros KS tests": frouros_tests,
}
