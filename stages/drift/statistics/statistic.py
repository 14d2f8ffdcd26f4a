"""What a statistic is: its name and its words, how it is computed, and how people read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stages.drift.sample import Float64
from stages.drift.statistics.means import Labelled


@dataclass(frozen=True)
class Statistic:
    """One statistic between a reference and a window.

    Attributes:
        name: in the verdict's file; begins the names of its columns in the history.
        title: in sentences, tables and above panels.
        short: beside other statistics.
        compute: returns one value a labelling, (k,) float64; larger is further from no drift.
        shown: turns a value and its excess over chance into the unit that people read.
        chance: what is shown where nothing tells window and reference apart.
    """

    name: str
    title: str
    short: str
    compute: Callable[[Labelled], Float64]
    shown: Callable[[float, float], float]
    chance: float = 0.0
