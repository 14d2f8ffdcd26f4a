"""Measures how often a window of mail in its real order is judged unusual.

    python -m benchmarks.drift.usual

The default corpus in date order is cut into blocks. Some of them, in random order, are the windows
of a reference; another one is the window that is judged, either unchanged or with a part of it
replaced. Unchanged, it is as likely to be unusual as any other block, so it should be judged
unusual at the rate `drift.unusual_rate`. Writes `usual.json`; takes about ten minutes.
"""

from __future__ import annotations

import datetime as dt
import sys
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.drift.detectors import Rows, sampled
from benchmarks.drift.workers import pools, workers
from benchmarks.machine import measured_on
from stages import config
from stages.drift.comparison import comparison_of
from stages.drift.sample import Sample
from stages.machine.console import track
from stages.machine.edge import guarded
from stages.machine.files import write_json
from stages.machine.pinning import pin_environment

RESULT = Path(__file__).with_suffix(".json")
# Messages in a block, and blocks in a reference: 2,400 messages, close to the shipped 2,000.
BLOCK, BLOCKS = 100, 24
# The last one would need more windows than there are, so `drift.effect_floor` is used.
UNUSUAL_RATES = (0.05, 0.1, 0.01)
# What replaces part of the window, how much of it, and how many windows are drawn.
CELLS = [
    ("", 0.0, 1000),
    ("foreign", 0.1, 200),
    ("foreign", 0.2, 200),
    ("foreign", 0.4, 200),
    ("languages", 0.1, 200),
    ("languages", 0.2, 200),
]
_WEEK = dt.timedelta(days=7)
_START = np.datetime64("2002-01-01", "us")


def judged(cell: tuple[str, float, int], trial: int) -> list[bool]:
    """Return whether the window of this number is changed, and unusual at each of the rates."""
    pool, share, _ = cell
    mail = pools()
    rng = np.random.default_rng(trial)
    cut = [mail.by_date[at : at + BLOCK] for at in range(0, len(mail.by_date) - BLOCK, BLOCK)]
    *past, window = (cut[n] for n in rng.permutation(len(cut))[: BLOCKS + 1])
    if pool:
        rows: Rows = getattr(mail, pool)
        kept = rng.permutation(window)[round(share * BLOCK) :]
        window = np.concatenate([kept, rng.permutation(rows)[: BLOCK - len(kept)]])
    weeks = [_arriving(block, week) for week, block in enumerate(past)]
    reference = Sample(
        np.concatenate([week.ids for week in weeks]),
        np.concatenate([week.received_at for week in weeks]),
        np.concatenate([week.embeddings for week in weeks]),
    )
    found = []
    for drift in _drifts():
        rng = np.random.default_rng(trial)
        seen = comparison_of(reference, sampled(window), drift=drift, length=_WEEK, rng=rng)
        changed = seen.votes >= drift.quorum
        found.append(changed and seen.unusual >= drift.quorum)
    return [changed, *found]


def _arriving(rows: Rows, week: int) -> Sample:
    sample = sampled(rows)
    seconds = np.arange(len(rows)) * np.timedelta64(1, "s")
    return Sample(sample.ids, _START + week * np.timedelta64(_WEEK) + seconds, sample.embeddings)


@cache
def _drifts() -> list[config.Drift]:
    overrides = ([f"drift.unusual_rate={rate}"] for rate in UNUSUAL_RATES)
    return [config.validate(config.compose(own), "conf/").drift for own in overrides]


def main() -> None:
    """Measure, and write the result."""
    cells = []
    with workers() as processes:
        for cell in track(CELLS, doing="usual", total=len(CELLS)):
            pool, share, windows = cell
            found = processes.map(judged, [cell] * windows, range(windows), chunksize=5)
            changed, *unusual = np.sum(list(found), axis=0).tolist()
            matters = dict(zip(map(str, UNUSUAL_RATES), unusual, strict=True))
            row = {"pool": pool, "share": share, "windows": windows}
            cells.append(row | {"changed": changed, "matters": matters})
    write_json(RESULT, {"machine": measured_on(), "cells": cells})


if __name__ == "__main__":
    pin_environment("benchmarks.drift.usual")
    sys.exit(guarded("benchmarks.drift.usual", main))
