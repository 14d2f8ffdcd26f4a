"""Experiments in the order in which people look at them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from stages.run.experiments import (
    COLUMNS,
    best_first,
    experiment_rows,
    print_rows,
    states_of,
)


def test_experiments_stand_by_the_number_and_unfinished_ones_last() -> None:
    losses = {"queued": "", "worst": "10.2000", "best": "0.2615", "middle": "2.1000"}
    rows = [[name, "success", "", "", "", loss] for name, loss in losses.items()]
    rows.append(["main", "commit", "", "", "", "50.0000"])
    assert [row[0] for row in sorted(rows, key=best_first)] == [
        "main",
        "best",
        "middle",
        "worst",
        "queued",
    ]


def test_the_numbers_are_those_of_the_headline_file() -> None:
    def state(rev: str, metrics: dict[str, Any]) -> dict[str, Any]:
        data = {
            "params": {"params.yaml": {"data": {"classifier": {"kind": "linear_svm"}}}},
            "metrics": {"data/evaluate/metrics.json": {"data": metrics}},
        }
        return {"rev": rev, "name": None, "data": data, "experiments": None}

    numbers = dict.fromkeys(COLUMNS, 0.25) | {"f1": None}
    # A commit of earlier code has intervals in that file: what it has not is left empty.
    earlier = {"candidate": {"f1": {"value": 0.9}}, "f1": {"value": 0.9}}
    states = states_of([state("a" * 40, numbers), state("b" * 40, earlier)])
    now, before = experiment_rows(states)
    assert now[:3] == ["aaaaaaa", "commit", "linear_svm"]
    shown = dict(zip(COLUMNS, now[-len(COLUMNS) :], strict=True))
    assert (shown["auc_loss"], shown["f1"]) == ("0.2500", "")
    assert set(before[-len(COLUMNS) :]) == {""}


@pytest.mark.parametrize("status", ["failed", "queued", "running"])
def test_an_experiment_that_has_not_ended_well_has_no_numbers(status: str) -> None:
    """DVC gives it the files of the commit that it began at."""
    files = {"metrics": {"data/evaluate/metrics.json": {"data": dict.fromkeys(COLUMNS, 0.25)}}}
    state = {"rev": "c" * 40, "name": "bold", "data": files}
    branch = {"revs": [state], "executor": {"state": status}}
    base = {"rev": "a" * 40, "name": "main", "data": files, "experiments": [branch]}
    commit, experiment = experiment_rows(states_of([base]))
    assert set(commit[-len(COLUMNS) :]) == {"0.2500"}
    assert experiment[:2] == ["bold", status]
    assert set(experiment[-len(COLUMNS) :]) == {""}


ROW = ["a-rather-long-name", "success", "linear_svm", "2002-08-19", "embedding+words+characters"]


@pytest.mark.parametrize("width", [60, 80, 160])
def test_numbers_are_whole_at_any_width(width: int) -> None:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system=None)
    print_rows([[*ROW, *["0.2615"] * len(COLUMNS)]], console)
    assert out.getvalue().count("0.2615") == len(COLUMNS)
    assert "\u2026" not in out.getvalue()
    assert max(map(len, out.getvalue().splitlines())) <= max(width, 80)


def test_a_row_is_a_line_when_it_is_piped() -> None:
    out = io.StringIO()
    print_rows([[*ROW, *["0.2615"] * len(COLUMNS)]], Console(file=out))
    [line] = [line for line in out.getvalue().splitlines() if ROW[0] in line]
    assert line.split() == [*ROW, *["0.2615"] * len(COLUMNS)]
