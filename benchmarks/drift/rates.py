"""Measures how often each detector fires on windows without drift and on shifted ones.

    python -m benchmarks.drift [--only NAME ...]

Takes most of an hour on two cores. Each cell is written to `rates.json` when it is done, so that a
second call measures only what is missing. All detectors see the same windows.
"""

from __future__ import annotations

import argparse
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.drift.detectors import DETECTORS, install_frouros
from benchmarks.drift.shifts import NO_SHIFT, SHIFTS, Draw, Kind, Shift
from benchmarks.drift.workers import pools, workers
from benchmarks.machine import measured_on, read_results
from stages.machine.console import track
from stages.machine.files import write_json

RESULT = Path(__file__).with_suffix(".json")
REFERENCE_SIZE = 2000
SIZES = (50, 100, 300, 1000)
# Number of windows without drift, and with each shift: what each detector's speed allows.
NULL_WINDOWS = {
    "spamline": 1100,
    "spamline, null kept": 300,
    "original thresholds": 100,
    "Evidently's bootstrap": 60,
    "frouros KS tests": 200,
}
SHIFTED_WINDOWS = {
    "spamline": 60,
    "spamline, null kept": 12,
    "original thresholds": 20,
    "Evidently's bootstrap": 6,
    "frouros KS tests": 40,
}
# The other detectors are measured at this size of window only.
OTHERS_SIZE = 300


@dataclass(frozen=True)
class Cell:
    """How often one detector fires on one kind of window."""

    detector: str
    shift: Shift
    size: int

    @property
    def name(self) -> str:
        """Return its key in the result."""
        kind = "no drift" if self.shift == NO_SHIFT else f"{self.shift.kind} {self.shift.amount:g}"
        return f"{self.detector} | {kind} | {self.size}"

    @property
    def windows(self) -> int:
        """How many windows are drawn."""
        counts = NULL_WINDOWS if self.shift == NO_SHIFT else SHIFTED_WINDOWS
        return counts[self.detector]


def cells() -> list[Cell]:
    """Return everything that is measured."""
    found = []
    for detector in DETECTORS:
        own = detector.startswith("spamline")
        for size in SIZES if own else (OTHERS_SIZE,):
            found.append(Cell(detector, NO_SHIFT, size))
            if size == OTHERS_SIZE or (detector == "spamline" and size != min(SIZES)):
                fitting = (shift for shift in SHIFTS if _fits(shift, size))
                found += [Cell(detector, shift, size) for shift in fitting]
    return found


def _fits(shift: Shift, size: int) -> bool:
    """Return whether the corpus has enough spam besides the reference's 600, and new spam."""
    most = {Kind.SPAM_SHARE: 500, Kind.NEW_SPAM: 100}
    return shift.amount * size <= most.get(shift.kind, size)


def fired(cell: Cell, trial: int) -> bool:
    """Return whether the cell's detector fires on the window of this number."""
    words = f"{cell.shift.kind} {cell.shift.amount} {cell.size}"
    rng = np.random.default_rng([zlib.crc32(words.encode()), trial])
    draw = Draw(pools(), REFERENCE_SIZE, rng)
    return DETECTORS[cell.detector](draw.reference, draw.window(cell.shift, cell.size), trial)


def main() -> None:
    """Measure what the result lacks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="*", choices=list(DETECTORS), default=list(DETECTORS))
    only = parser.parse_args().only
    done: dict[str, Any] = read_results(RESULT)["cells"] if RESULT.exists() else {}
    left = [c for c in cells() if c.detector in only and c.name not in done]
    with workers(install_frouros) as processes:
        for cell in track(left, doing="drift", total=len(left)):
            hits = list(
                processes.map(fired, [cell] * cell.windows, range(cell.windows), chunksize=5)
            )
            done[cell.name] = {"windows": cell.windows, "fired": sum(hits)}
            write_json(RESULT, {"machine": measured_on(), "cells": done})
