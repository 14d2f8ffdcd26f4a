"""Measures what one decision costs: CPU seconds and peak memory, by sizes of reference and window.

    python -m benchmarks.drift.speed

Each figure comes from a process of its own; writes `speed.json`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.drift.detectors import (
    QUORUM,
    Rows,
    evidently,
    evidently_methods,
    sampled,
    vote_on,
)
from benchmarks.machine import call, measured_on
from stages.machine.edge import guarded
from stages.machine.files import write_json
from stages.machine.pinning import pin_environment
from stages.machine.variables import CACHE

RESULT = Path(__file__).with_name("speed.json")
DIM = 384
SIZES = [(r, w) for r in (2_000, 10_000, 50_000) for w in (300, 1_000, 10_000)]
# Beyond the first size the original system's way takes minutes and too much memory.
METRICS = "Evidently's metrics"
MEASURED = {
    "spamline": SIZES,
    "spamline, null kept": SIZES,
    "original thresholds": SIZES[:2],
    METRICS: SIZES[:1],
}
# Of a decision on a reference that has been seen before; the first one computes its profile.
REPEATS = 3


def main() -> None:
    """Measure everything, and write the result."""
    if len(sys.argv) > 1:
        print(json.dumps(_measure(sys.argv[1], *map(int, sys.argv[2:]))))
        return
    rows: list[dict[str, Any]] = []
    for detector, sizes in MEASURED.items():
        for reference, window in sizes:
            command = [sys.executable, "-m", "benchmarks.drift.speed"]
            said = call([*command, detector, str(reference), str(window)])
            found = json.loads(said.splitlines()[-1])
            rows.append({"detector": detector, "reference": reference, "window": window, **found})
            print(rows[-1])
    write_json(RESULT, {"machine": measured_on(), "decisions": rows})


def _measure(detector: str, reference: int, window: int) -> dict[str, float]:
    """Return the first decision's and the best later one's CPU seconds, and the peak in MB."""
    rng = np.random.default_rng(0)
    decide, prepare = _WAYS[detector]
    past, now = prepare(_rows(rng, reference)), prepare(_rows(rng, window))
    # Let the imports happen before the clock runs.
    decide(prepare(_rows(rng, 60)), prepare(_rows(rng, 60)), 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ[CACHE] = folder
        for seed in range(1 if detector == METRICS else 1 + REPEATS):
            start = time.process_time()
            decide(past, now, seed)
            times.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "first_cpu_seconds": round(times[0], 4),
        "cpu_seconds": round(min(times[1:] or times), 4),
        "peak_megabytes": round(peak / 1024),
        "megabytes_before": round(before / 1024),
    }


def _rows(rng: np.random.Generator, n: int) -> Rows:
    rows = rng.standard_normal((n, DIM), dtype=np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def _metrics(reference: Rows, window: Rows, seed: int) -> bool:
    """The original system's call: a report of three embedding metrics, each with its picture."""
    import pandas as pd
    from evidently.legacy.metrics import EmbeddingsDriftMetric
    from evidently.legacy.pipeline.column_mapping import ColumnMapping
    from evidently.legacy.report import Report

    np.random.seed(seed)  # noqa: NPY002 -- Evidently draws from numpy's global state
    past, now = (pd.DataFrame(side).add_prefix("e") for side in (reference, window))
    mapping = ColumnMapping(embeddings={"mail": list(past)})
    metrics = [EmbeddingsDriftMetric("mail", drift_method=m) for m in evidently_methods()]
    report = Report(metrics=metrics)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report.run(reference_data=past, current_data=now, column_mapping=mapping)
        found = report.as_dict()["metrics"]
    return sum(bool(metric["result"]["drift_detected"]) for metric in found) >= QUORUM


# How each decides, and what prepares its rows before the clock runs: ids are read, not made.
_WAYS: dict[str, tuple[Any, Any]] = {
    "spamline": (partial(vote_on, null="permutation"), sampled),
    "spamline, null kept": (partial(vote_on, null="reference"), sampled),
    "original thresholds": (partial(evidently, bootstrap=False), np.asarray),
    METRICS: (_metrics, np.asarray),
}


if __name__ == "__main__":
    pin_environment("benchmarks.drift.speed")
    sys.exit(guarded("benchmarks.drift.speed", main))
