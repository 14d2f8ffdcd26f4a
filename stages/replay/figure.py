"""The figure of a replay: quality window by window under each policy, and when it retrained."""

from __future__ import annotations

import datetime as dt
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.machine.files import replacing
from stages.model.metrics import Metric
from stages.records.decision import Decision
from stages.replay.outcome import METRICS, NO_MAIL, LivedWindow, Outcomes
from stages.replay.schedule import Policy
from stages.replay.table import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

COLOURS = {Policy.NEVER: "#767676", Policy.DRIFT: "#0b62c4", Policy.ALWAYS: "#d1690a"}
STYLES = {Policy.NEVER: ":", Policy.DRIFT: "-", Policy.ALWAYS: "--"}
# Characters of a line beside an axis.
_LABEL_WIDTH = 15
_STRIP = {
    Decision.NO_DRIFT: "#e8f1e8",
    Decision.CHANGED: "#fdf0cf",
    Decision.DRIFT: "#f6c7bd",
}
_NOTHING = "#eeeeee"
# Neither a date nor a random id: the bytes depend on what is drawn alone.
_STABLE: Any = {
    "svg.hashsalt": "spamline",
    "font.family": ["DejaVu Sans"],
    "axes.spines.right": False,
    "axes.spines.top": False,
}


def draw(outcomes: Outcomes, path: Path) -> None:
    """Write the figure of `outcomes` as an SVG file at `path`."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    windows = next(iter(outcomes.values())).windows
    with mpl.rc_context(_STABLE):
        figure = Figure(figsize=(10, 7.6))
        # By hand: the automatic layouts differ in the last bits from run to run.
        figure.subplots_adjust(left=0.12, right=0.98, bottom=0.08, top=0.93, hspace=0.12)
        strip, *panels = figure.subplots(4, 1, sharex=True, height_ratios=[1.2, 3.0, 3.0, 3.0])
        for axes, metric in zip(panels, METRICS, strict=True):
            _draw_panel(axes, outcomes, metric)
        _draw_decisions(strip, outcomes)
        panels[-1].set_xticks(range(len(windows)), [_day(window.start) for window in windows])
        panels[-1].set_xlabel("window that begins on")
        figure.legend(
            handles=[*panels[0].lines[: len(outcomes)], *_triangles()],
            loc="upper center",
            frameon=False,
            ncols=len(outcomes) + 2,
        )
        with replacing(path) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None})


def _triangles() -> list[Line2D]:
    """Return what the marks of a retraining mean."""
    from matplotlib.lines import Line2D

    words = {"retrained": "#333333", "refused by the gate": "white"}
    return [
        Line2D([], [], linestyle="", marker="^", mec="#333333", mfc=face, ms=7, label=label)
        for label, face in words.items()
    ]


def _draw_panel(axes: Axes, outcomes: Outcomes, metric: Metric) -> None:
    """Draw one line a policy, and a grey band where a window does not hold both classes."""
    for policy, outcome in outcomes.items():
        values = [window.metrics.get(metric.name) for window in outcome.windows]
        heights = [float("nan") if value is None else value for value in values]
        axes.plot(
            heights,
            color=COLOURS[policy],
            linestyle=STYLES[policy],
            marker="o",
            markersize=4,
            linewidth=2,
            label=f"retrain {NAMES[policy]}",
        )
    axes.set_ylabel(textwrap.fill(metric.heading, _LABEL_WIDTH))
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    for at, window in enumerate(next(iter(outcomes.values())).windows):
        if lacking := _lacking(window):
            axes.axvspan(at - 0.5, at + 0.5, color="#f4f4f4", linewidth=0)
            axes.annotate(
                lacking,
                (at, 0.5),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="center",
                color="#767676",
            )


def _lacking(window: LivedWindow) -> str:
    """Return what a window lacks to be judged by, or an empty string."""
    counts = window.confusion
    if counts is None:
        return "no mail"
    return "" if counts.ham and counts.spam else "no spam" if counts.ham else "no ham"


def _draw_decisions(axes: Axes, outcomes: Outcomes) -> None:
    """Draw the verdicts under the policy that heeds them, and when each policy retrained."""
    heeded = Policy.DRIFT if Policy.DRIFT in outcomes else next(iter(outcomes))
    for at, window in enumerate(outcomes[heeded].windows):
        words, colour = strip_words(window)
        axes.axvspan(at - 0.48, at + 0.48, ymin=0.52, ymax=1.0, color=colour, linewidth=0)
        axes.text(at, 0.76, words, ha="center", va="center", fontsize=9)
    for row, (policy, outcome) in enumerate(reversed(list(outcomes.items()))):
        for at, window in enumerate(outcome.windows):
            if retraining := window.retraining:
                face = COLOURS[policy] if retraining.promoted else "white"
                axes.plot(at + 0.5, 0.1 + 0.15 * row, "^", mec=COLOURS[policy], mfc=face, ms=7)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.76, 0.25], [f"verdict (retrain\n{NAMES[heeded]})", "retraining"])
    axes.tick_params(left=False, bottom=False)
    axes.spines[["left", "bottom"]].set_visible(False)


def strip_words(window: LivedWindow) -> tuple[str, str]:
    """Return what the strip says of a window, and the colour behind it."""
    if window.decision == NO_MAIL:
        return window.words, _NOTHING
    held_back = [window.action.words] if window.action.holds_back else []
    lines = [textwrap.fill(window.words, 10), *held_back]
    return "\n".join(lines), _STRIP.get(window.decision, _NOTHING)


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}" if day.month == 1 else f"{day.day} {day:%b}"
