"""The measured results, as the tables and the figure need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.drift.detectors import DETECTORS
from benchmarks.drift.rates import OTHERS_SIZE, RESULT, SIZES, Cell
from benchmarks.drift.shifts import NO_SHIFT, SHIFTS, Shift
from benchmarks.drift.speed import RESULT as SPEED
from benchmarks.drift.usual import RESULT as USUAL
from benchmarks.drift.usual import UNUSUAL_RATES
from benchmarks.machine import read_results, shown
from stages.records.interval import Interval
from stages.review.markdown import table

_POOLS = {"foreign": "foreign corpus", "languages": "other language"}


@dataclass(frozen=True)
class Rate:
    """How many of a number of windows fired."""

    fired: int
    windows: int

    @property
    def value(self) -> float:
        """The share that fired, 0-1."""
        return self.fired / self.windows

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval (Clopper & Pearson 1934)."""
        from scipy.stats import binomtest

        found = binomtest(self.fired, self.windows).proportion_ci(method="exact")
        return float(found.low), float(found.high)


class Rates:
    """All rates in `rates.json`."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._cells = content["cells"]
        self.measured = shown(content["machine"])

    def of(self, detector: str, shift: Shift, size: int) -> Rate | None:
        """Return a rate, or None if it was not measured."""
        cell = self._cells.get(Cell(detector, shift, size).name)
        return Rate(cell["fired"], cell["windows"]) if cell else None

    def mean_power(self, detector: str) -> float:
        """Return the mean over all shifts at windows of `OTHERS_SIZE`."""
        found = [self.of(detector, shift, OTHERS_SIZE) for shift in SHIFTS]
        values = [rate.value for rate in found if rate]
        return sum(values) / len(values)


def load_rates() -> Rates:
    """Return what `python -m benchmarks.drift` measured."""
    return Rates(read_results(RESULT))


def false_alarms() -> list[str]:
    """Return the table of rates without drift."""
    rates = load_rates()
    head = ["fires without drift", *(f"window of {size}" for size in SIZES)]
    rows = [
        [detector, *(with_interval(rates.of(detector, NO_SHIFT, size)) for size in SIZES)]
        for detector in DETECTORS
    ]
    return [
        table(head, rows),
        "",
        f"Reference of 2,000; 95 % intervals; measured {rates.measured}.",
    ]


def with_interval(rate: Rate | None) -> str:
    """Return the rate and its interval as a cell, which is empty if it was not measured."""
    if rate is None:
        return ""
    return f"{Interval(rate.value, *rate.interval):.1%} of {rate.windows}"


def power() -> list[str]:
    """Return the table of rates on shifted windows."""
    rates = load_rates()
    columns = [("spamline", size) for size in SIZES[1:]]
    columns += [(detector, OTHERS_SIZE) for detector in list(DETECTORS)[1:]]
    head = ["shift", *(f"{detector}, {size}" for detector, size in columns)]
    rows = []
    for shift in SHIFTS:
        found = [rates.of(detector, shift, size) for detector, size in columns]
        shown_rates = [f"{rate.value:.2f}" if rate else "" for rate in found]
        rows.append([f"{shift.kind} {shift.amount:.0%}", *shown_rates])
    means = [
        f"**{rates.mean_power(detector):.2f}**" if size == OTHERS_SIZE else ""
        for detector, size in columns
    ]
    return [table(head, [*rows, ["**mean**", *means]])]


def usual() -> list[str]:
    """Return the table of how often a change in real mail, in date order, is seen and matters."""
    measured = read_results(USUAL)
    ways = [*(f"`unusual_rate` {rate:g}" for rate in UNUSUAL_RATES[:-1]), "`effect_floor`"]
    head = ["window of 100", "changed", *(f"matters, {way}" for way in ways)]
    rows = []
    for cell in measured["cells"]:
        fired = [cell["changed"], *(cell["matters"][str(rate)] for rate in UNUSUAL_RATES)]
        what = f"{cell['share']:.0%} {_POOLS[cell['pool']]}" if cell["pool"] else "as it arrived"
        rows.append([what, *(with_interval(Rate(n, cell["windows"])) for n in fired)])
    return [table(head, rows), "", f"95 % intervals; measured {shown(measured['machine'])}."]


def costs() -> list[str]:
    """Return the table of what a decision costs."""
    measured = read_results(SPEED)
    head = ["decision by", "reference", "window", "first, CPU-s", "then, CPU-s", "peak, MB"]
    rows = [
        [
            row["detector"],
            f"{row['reference']:,}",
            f"{row['window']:,}",
            f"{row['first_cpu_seconds']:.2f}",
            f"{row['cpu_seconds']:.3f}",
            str(row["peak_megabytes"]),
        ]
        for row in measured["decisions"]
    ]
    machine = shown(measured["machine"])
    return [table(head, rows), "", f"384 dimensions, one thread; measured {machine}."]
