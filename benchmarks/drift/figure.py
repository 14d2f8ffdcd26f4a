"""The figure of `rates.json`: false alarms on the left, power on the right.

python -m benchmarks.drift.figure
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.drift.detectors import DETECTORS
from benchmarks.drift.rates import OTHERS_SIZE, SIZES
from benchmarks.drift.results import Rates, load_rates
from benchmarks.drift.shifts import NO_SHIFT, SHIFTS
from stages.machine.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURE = Path("docs/drift.png")
COLOURS = dict(zip(DETECTORS, ("#0b62c4", "#6aaee8", "#c0392b", "#767676", "#d1690a"), strict=True))
MARKERS = dict(zip(DETECTORS, "oDX^s", strict=True))


def draw() -> None:
    """Write the picture."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    rates = load_rates()
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(11, 6.2))
        figure.subplots_adjust(left=0.17, right=0.99, top=0.88, bottom=0.09, wspace=0.68)
        left, right = figure.subplots(1, 2, width_ratios=[1, 1.6])
        _draw_false_alarms(left, rates)
        _draw_power(right, rates)
        handles, labels = right.get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper center", ncols=len(labels), frameon=False)
        with replacing(PICTURE) as temporary:
            figure.savefig(temporary, format="png", dpi=130, metadata={"Software": None})


def _draw_false_alarms(axes: Axes, rates: Rates) -> None:
    rows: list[tuple[str, int]] = [
        (detector, size)
        for detector in DETECTORS
        for size in SIZES
        if rates.of(detector, NO_SHIFT, size)
    ]
    for y, (detector, size) in enumerate(rows):
        rate = rates.of(detector, NO_SHIFT, size)
        if rate is None:
            continue
        low, high = (100 * end for end in rate.interval)
        style: Any = {"color": COLOURS[detector]}
        axes.plot([low, high], [y, y], lw=2, **style)
        axes.plot(100 * rate.value, y, MARKERS[detector], **style)
    axes.axvline(1, color="#444444", lw=0.8, ls=":")
    axes.set_xscale("symlog", linthresh=2)
    axes.set_xticks([0, 1, 2, 5, 10, 20, 50], ["0", "1", "2", "5", "10", "20", "50"])
    axes.set_yticks(range(len(rows)), [f"{detector}, {size}" for detector, size in rows])
    axes.invert_yaxis()
    axes.set_xlabel("windows without drift that fire, % (asked for: 1)")
    axes.set_title("False alarms, with 95 % intervals", loc="left")


def _draw_power(axes: Axes, rates: Rates) -> None:
    for y, shift in enumerate(SHIFTS):
        axes.axhline(y, color="#eeeeee", lw=0.8, zorder=0)
        ends = [rates.of("spamline", shift, size) for size in (SIZES[1], SIZES[-1])]
        values = [rate.value for rate in ends if rate]
        label = "spamline from window 100 to 1,000" if y == 0 else None
        axes.plot(values, [y] * len(values), lw=5, alpha=0.25, color="#0b62c4", label=label)
    for detector in DETECTORS:
        found = [(rates.of(detector, shift, OTHERS_SIZE), y) for y, shift in enumerate(SHIFTS)]
        points = [(rate.value, y) for rate, y in found if rate]
        axes.plot(
            *zip(*points, strict=True),
            MARKERS[detector],
            color=COLOURS[detector],
            ms=6 if detector == "spamline" else 4.5,
            label=detector,
        )
    axes.set_yticks(range(len(SHIFTS)), [f"{shift.kind} {shift.amount:.0%}" for shift in SHIFTS])
    axes.invert_yaxis()
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("shifted windows that fire (power)")
    axes.set_title(f"Power at windows of {OTHERS_SIZE}, reference of 2,000", loc="left")
