"""Experiments side by side, in a few fixed columns."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stages.model.metrics import METRICS, ONE_MINUS_AUC
from stages.records.layout import HERE, Layout
from stages.versioning.dvc import repository

PARAMS = {
    "classifier": ("classifier", "kind"),
    "until": ("window", "until"),
}
COLUMNS = tuple(metric.headline for metric in METRICS if metric.headline)


def print_experiments(layout: Layout = HERE) -> None:
    """Print the workspace, HEAD, its experiments and the queue as a table, best AUC first.

    Raises:
        BusyError, UserError: DVC is busy or refuses.
    """
    from rich.console import Console
    from rich.table import Table

    with repository(layout) as repo:
        states = [state.dumpd() for state in repo.experiments.show()]
    table = Table("experiment", "state", *PARAMS, "features", *COLUMNS)
    for row in sorted(experiment_rows(states), key=best_first):
        table.add_row(*row)
    Console().print(table)


def experiment_rows(states: list[dict[str, Any]]) -> Iterator[list[str]]:
    """Yield a row of cells for each state, and for each experiment on it.

    Args:
        states: what `dvc exp show --json` prints.
    """
    for state in states:
        kind = "workspace" if state["rev"] == "workspace" else "commit"
        yield _row(state["name"] or state["rev"][:7], kind, state)
        for branch in state["experiments"] or []:
            status = branch["executor"]["state"] if branch["executor"] else "done"
            for experiment in branch["revs"][:1]:
                yield _row(experiment["name"] or experiment["rev"][:7], status, experiment)


def best_first(row: list[str]) -> tuple[bool, float]:
    """Sort workspace and commits first, then experiments by (1-AUC)%, unfinished ones last."""
    loss = row[3 + len(PARAMS) + COLUMNS.index(ONE_MINUS_AUC.headline)]
    return (row[1] not in ("workspace", "commit"), float(loss) if loss else math.inf)


def _row(name: str, status: str, state: dict[str, Any]) -> list[str]:
    data = state["data"] or {}
    params = _file(data, "params", HERE.params)
    found = _file(data, "metrics", HERE.metrics)
    shown = [str(params.get(section, {}).get(key, "")) for section, key in PARAMS.values()]
    numbers = [_number(found.get(name)) for name in COLUMNS]
    return [name, status, *shown, _features(params.get("features", {})), *numbers]


def _features(features: dict[str, Any]) -> str:
    return "+".join(name for name in ("embedding", "words", "characters") if features.get(name))


def _number(value: Any) -> str:
    # A commit of earlier code has another file.
    return f"{value:.4f}" if isinstance(value, float | int) else ""


def _file(data: dict[str, Any], kind: str, path: Path) -> dict[str, Any]:
    """Return what DVC read from `path`; empty where it could not."""
    found = data.get(kind, {}).get(path.as_posix(), {}).get("data")
    return found if isinstance(found, dict) else {}
