"""The figure of a replay: quality window by window under each policy, and when it retrained."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.loop.guards import Action
from stages.machine.files import replacing
from stages.model.metrics import F1, ONE_MINUS_AUC, RECALL_AT_1, Metric
from stages.records.decision import Decision, in_words
from stages.replay.results import NO_MAIL
from stages.replay.table import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

COLOURS = {"never": "#767676", "drift": "#0b62c4", "always": "#d1690a"}
STYLES = {"never": ":", "drift": "-", "always": "--"}
PANELS = (ONE_MINUS_AUC, RECALL_AT_1, F1)
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


def draw(policies: Mapping[str, Any], path: Path) -> None:
    """Write the figure of `results` as an SVG file at `path`."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    windows = next(iter(policies.values()))["windows"]
    with mpl.rc_context(_STABLE):
        figure = Figure(figsize=(10, 7.6))
        # By hand: the automatic layouts differ in the last bits from run to run.
        figure.subplots_adjust(left=0.12, right=0.98, bottom=0.08, top=0.93, hspace=0.12)
        strip, *panels = figure.subplots(4, 1, sharex=True, height_ratios=[1.2, 3.0, 3.0, 3.0])
        for axes, metric in zip(panels, PANELS, strict=True):
            _draw_panel(axes, policies, metric)
        _draw_decisions(strip, policies)
        panels[-1].set_xticks(range(len(windows)), [_day(window["from"]) for window in windows])
        panels[-1].set_xlabel("window that begins on")
        figure.legend(
            handles=[*panels[0].lines[: len(policies)], *_triangles()],
            loc="upper center",
            frameon=False,
            ncols=len(policies) + 2,
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


def _draw_panel(axes: Axes, policies: Mapping[str, Any], metric: Metric) -> None:
    """Draw one line a policy, and a grey band where a window does not hold both classes."""
    for name, policy in policies.items():
        windows = policy["windows"]
        values = [window.get(metric.name) for window in windows]
        heights = [float("nan") if value is None else value for value in values]
        axes.plot(
            heights,
            color=COLOURS[name],
            linestyle=STYLES[name],
            marker="o",
            markersize=4,
            linewidth=2,
            label=f"retrain {NAMES[name]}",
        )
    axes.set_ylabel(textwrap.fill(metric.heading, _LABEL_WIDTH))
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    for at, window in enumerate(next(iter(policies.values()))["windows"]):
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


def _lacking(window: Mapping[str, Any]) -> str:
    """Return what a window lacks to be judged by, or an empty string."""
    if not window["messages"]:
        return "no mail"
    return "" if window["ham"] and window["spam"] else "no spam" if window["ham"] else "no ham"


def _draw_decisions(axes: Axes, policies: Mapping[str, Any]) -> None:
    """Draw the verdicts under the policy that heeds them, and when each policy retrained."""
    heeded = "drift" if "drift" in policies else next(iter(policies))
    for at, window in enumerate(policies[heeded]["windows"]):
        words, colour = strip_words(window["decision"], window["action"])
        axes.axvspan(at - 0.48, at + 0.48, ymin=0.52, ymax=1.0, color=colour, linewidth=0)
        axes.text(at, 0.76, words, ha="center", va="center", fontsize=9)
    for row, (name, policy) in enumerate(reversed(list(policies.items()))):
        for at, window in enumerate(policy["windows"]):
            if retraining := window["retraining"]:
                face = COLOURS[name] if retraining["promoted"] else "white"
                axes.plot(at + 0.5, 0.1 + 0.15 * row, "^", mec=COLOURS[name], mfc=face, ms=7)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.76, 0.25], [f"verdict (retrain\n{NAMES[heeded]})", "retraining"])
    axes.tick_params(left=False, bottom=False)
    axes.spines[["left", "bottom"]].set_visible(False)


def strip_words(decision: str, action: str) -> tuple[str, str]:
    """Return what the strip says of a window, and the colour behind it."""
    if decision == NO_MAIL:
        return in_words(decision), _NOTHING
    found, follows = Decision(decision), Action(action)
    lines = [textwrap.fill(found.words, 10), *([follows.words] if follows.holds_back else [])]
    return "\n".join(lines), _STRIP.get(found, _NOTHING)


def _day(iso: str) -> str:
    day = dt.date.fromisoformat(iso)
    return f"{day.day} {day:%b %Y}" if day.month == 1 else f"{day.day} {day:%b}"
