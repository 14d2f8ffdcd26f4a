"""Writes the figures of README.md and of pages in docs/ from measurements.

    python -m benchmarks.readme [--check]

Reads `data/evaluate/report.json` and what the benchmarks beside this file measured. With
`--check` nothing is written, and the exit status is 1 if a page differs from the results.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import speed_tables
from benchmarks.drift import figure
from benchmarks.drift.results import costs, false_alarms, power, usual
from benchmarks.machine import read_results, shown
from benchmarks.replay_tables import false_harms, later, planted, policies, weeks
from benchmarks.scale_plan import driver, nodes, storage
from stages.cli.reference import fill
from stages.machine.edge import guarded
from stages.machine.errors import DataError
from stages.machine.files import write_text
from stages.model.metrics import HAM_LOST, ONE_MINUS_AUC, RECALL, RECALL_AT_1, Metric
from stages.records.interval import Interval
from stages.records.layout import HERE
from stages.records.report import Report
from stages.review.markdown import table

README, REPLAY = Path("README.md"), Path("docs/replay.md")
DRIFT, SCALE = Path("docs/drift-measured.md"), Path("docs/scale.md")
ENGINES, SPEED = Path("docs/engines.md"), Path("docs/speed.md")
PROCESSORS = Path("docs/processors.md")
PICTURE = Path("docs/run.svg")
RUN, CHOICES = Path("benchmarks/run.json"), Path("benchmarks/choices.json")
STACK = Path("benchmarks/stack.json")
COLUMNS = (ONE_MINUS_AUC, RECALL_AT_1)
NAMES = {
    (): "**embedding + TF-IDF, logistic regression** (default)",
    ("classifier=linear_svm",): "embedding + TF-IDF, linear SVM",
    ("features=tfidf",): "TF-IDF alone, logistic regression",
    ("features=embedding",): "embedding alone, logistic regression",
    ("classifier=gradient_boosting",): "embedding + TF-IDF, gradient boosting",
    ("classifier=random_forest",): "embedding + TF-IDF, random forest",
    ("features=embedding", "classifier=random_forest"): "embedding alone, random forest",
}


def main() -> int:
    """Write the pages' figures, or compare them; return the exit status."""
    pages = {
        README: {
            "figures": figures(),
            "choices": choices(),
            "replay": policies(),
            "stack": stack(),
        },
        DRIFT: {
            "false alarms": false_alarms(),
            "power": power(),
            "usual": usual(),
            "false harms": false_harms(),
            "costs": costs(),
        },
        REPLAY: {
            "replay": policies(),
            "weeks": weeks(),
            "later": later(),
            "planted": planted(),
        },
        ENGINES: {
            "engine speed": known(speed_tables.engine_speed),
            "engine quality": known(speed_tables.engine_quality),
        },
        SPEED: {
            "stages": speed_tables.stages(),
            "shared window": known(speed_tables.shared_window),
            "growth": known(speed_tables.growth),
        },
        PROCESSORS: {"processors": known(speed_tables.processors)},
        SCALE: {"nodes": nodes(), "driver": driver(), "storage": storage()},
    }
    check = "--check" in sys.argv[1:]
    stale = [page for page, blocks in pages.items() if fill(page, blocks, check=check)]
    if check:
        for page in stale:
            print(f"{page} differs from the measured results; fix: make readme")
        return int(bool(stale))
    draw()
    figure.draw()
    return 0


def known(lines: Callable[[], list[str]]) -> list[str]:
    """Return what `lines` says, or that it has not been measured and how to."""
    try:
        return lines()
    except DataError as error:
        return [f"Not measured yet ({error.found.partition(' cannot')[0]})."]


def figures() -> list[str]:
    """Return the table of what a run achieves and costs."""
    report, run = Report.read(HERE), read_results(RUN)
    found, holdout = report.candidate.metrics, report.holdout
    quality = (ONE_MINUS_AUC, RECALL_AT_1, RECALL, HAM_LOST)
    rows = [
        *((metric.heading, metric.shown(found[metric.name])) for metric in quality),
        (
            "whole run on a fresh clone after installation, with 20 MB of mail to download",
            f"{run['run_seconds']} s",
        ),
        ("memory of its largest process", f"{run['peak_megabytes']} MB"),
        ("`dvc repro` with nothing to do", f"{run['no_op_seconds_median']} s"),
    ]
    return [
        table(["", ""], rows),
        "",
        f"The holdout, the newest two weeks of labelled mail, has {holdout.ham} ham and "
        f"{holdout.spam} spam. Intervals are {report.confidence:.0%} bootstrap intervals. "
        f"Times measured {shown(run['machine'])}.",
    ]


def choices() -> list[str]:
    """Return the table of features and classifiers on the same holdout."""
    measured = read_results(CHOICES)
    titles = (metric.title for metric in COLUMNS)
    head = ["features and classifier", *titles, "worse than the default by"]
    rows = [_choice(row) for row in measured["choices"]]
    return [
        table(head, rows),
        "",
        f"Measured {shown(measured['machine'])}.",
    ]


def stack() -> list[str]:
    """Return the sentence on what the team's services cost."""
    measured = read_results(STACK)
    return [
        f"Ready {measured['first_start_seconds_median']:.0f} s after the first `make up`, "
        f"{measured['next_start_seconds_median']:.0f} s after a later one; "
        f"{measured['idle_megabytes_total']} MB when idle (measured {shown(measured['machine'])}).",
    ]


def _choice(row: dict[str, Any]) -> list[str]:
    choice = tuple(row["choice"])
    worse = _cell(ONE_MINUS_AUC, row["difference"]) if choice else ""
    return [NAMES[choice], *(_cell(metric, row["metrics"]) for metric in COLUMNS), worse]


def _cell(metric: Metric, found: dict[str, dict[str, float]]) -> str:
    """Return a metric of a file's results: `0.26 [0.04, 0.58]`."""
    return metric.shown(Interval(**found[metric.name]))


def draw() -> None:
    """Draw the summary of the last run, as a terminal shows it."""
    from rich.console import Console

    from stages.run.summary import print_summary

    console = Console(record=True, width=132, highlight=False, file=io.StringIO())
    print_summary(console=console)
    write_text(PICTURE, console.export_svg(title="make run", unique_id="run"))


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.readme", main))
