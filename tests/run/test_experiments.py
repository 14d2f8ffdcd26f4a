"""Experiments in the order in which people look at them."""

from __future__ import annotations

from typing import Any

from stages.run.experiments import COLUMNS, best_first, experiment_rows, states_of


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
