"""Experiments in the order in which people look at them."""

from __future__ import annotations

from stages.run.experiments import best_first


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
