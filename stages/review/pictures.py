"""The pictures of the review: the same bytes from the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stages.dashboards.colours import LIMIT, PALETTE
from stages.drift.statistics import title_of
from stages.machine.errors import DataError
from stages.machine.files import opened
from stages.model.metrics import HAM_LOST, ONE_MINUS_AUC, RECALL, RECALL_AT_1
from stages.records.interval import Interval
from stages.records.report import Report
from stages.records.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CHALLENGER, _CHAMPION = PALETTE[:2]
_SHOWN = (ONE_MINUS_AUC, RECALL_AT_1, RECALL, HAM_LOST)
_DPI = 110


def draw_quality(path: Path, report: Report) -> None:
    """Write champion and challenger with their intervals, a panel a metric, to `path`."""
    figure = _figure(len(_SHOWN) * 0.75 + 0.6)
    models = {"challenger": report.candidate, "champion": report.champion}
    for place, metric in enumerate(_SHOWN, start=1):
        axes = figure.add_subplot(len(_SHOWN), 1, place)
        rows = [(name, model.metrics[metric.name]) for name, model in models.items() if model]
        for row, (name, found) in enumerate(rows):
            _bar(axes, row, found, _CHALLENGER if name == "challenger" else _CHAMPION)
        axes.set_yticks(range(len(rows)), [name for name, _ in rows], fontsize=8)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        # None of them is ever below zero.
        axes.set_xlim(left=max(0.0, axes.get_xlim()[0]))
        axes.set_title(metric.heading, fontsize=8, loc="left")
        axes.tick_params(axis="x", labelsize=7)
    _save(figure, path)


def draw_scores(path: Path, scores: Path) -> None:
    """Write the distribution of the challenger's probabilities, a line a class, to `path`.

    Raises:
        DataError: `scores` is not the table that evaluate writes.
    """
    import pandas as pd

    figure = _figure(2.6)
    axes = figure.add_subplot()
    try:
        with opened(scores) as stream:
            found = pd.read_csv(stream)[["probability", "ham", "spam"]].astype(float)
    # An empty file, one of another form, other columns, words for numbers.
    except (ValueError, KeyError) as error:
        raise DataError(
            f"{scores} cannot be read: {' '.join(str(error).split())[:200]}",
            expected="the table that the evaluate stage writes",
            fix="dvc repro evaluate",
        ) from error
    for label, colour, style in (("ham", PALETTE[0], "-"), ("spam", PALETTE[1], "--")):
        axes.plot(found["probability"], found[label], color=colour, linestyle=style, label=label)
    axes.set_xlabel("probability of spam", fontsize=8)
    axes.set_ylabel("share of the class", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=8, frameon=False)
    _save(figure, path)


def draw_drift(path: Path, verdict: Verdict) -> None:
    """Write each statistic as a multiple of its threshold to `path`."""
    figure = _figure(2.0)
    axes = figure.add_subplot()
    names = list(verdict.statistics)
    ratios = [found.ratio for found in verdict.statistics.values()]
    axes.barh(range(len(names)), ratios, color=_CHALLENGER, height=0.5)
    axes.axvline(1, color=LIMIT, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(names)), [title_of(name) for name in names], fontsize=8)
    axes.set_xlabel("times the threshold (dashed)", fontsize=8)
    axes.tick_params(axis="x", labelsize=7)
    _save(figure, path)


def _bar(axes: Axes, row: int, found: Interval, colour: str) -> None:
    value, low, high = found.value, found.low, found.high
    if value is None or low is None or high is None:
        return
    axes.plot([low, high], [row, row], color=colour, linewidth=2)
    axes.plot([value], [row], marker="o", color=colour, markersize=5)


def _figure(height: float) -> Figure:
    # No pyplot: its state outlives the figure, and it looks for a screen.
    from matplotlib.figure import Figure

    return Figure(figsize=(7.0, height), layout="constrained")


def _save(figure: Figure, path: Path) -> None:
    # Without the versions that matplotlib writes into the file.
    figure.savefig(path, format="png", dpi=_DPI, metadata={"Software": None})
