"""Experiments side by side, in a few fixed columns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from stages.machine.console import print_table, shown
from stages.model.metrics import METRICS, ONE_MINUS_AUC
from stages.records.layout import HERE, Layout
from stages.versioning.dvc import repository

if TYPE_CHECKING:
    from rich.console import Console

PARAMS = {
    "classifier": ("classifier", "kind"),
    "until": ("window", "until"),
}
# In columns of the terminal.
_NUMBER = len("0.0000")
# An experiment in any other state has run nothing yet, or failed: DVC shows its commit's numbers.
_FINISHED = ("workspace", "commit", "done", "success")
COLUMNS = tuple(metric.headline for metric in METRICS if metric.headline)


@dataclass(frozen=True)
class _File:
    """What DVC read from a file; None where it could not."""

    data: object = None


@dataclass(frozen=True)
class _Files:
    params: Mapping[str, _File] = field(default_factory=dict)
    metrics: Mapping[str, _File] = field(default_factory=dict)


@dataclass(frozen=True)
class _Executor:
    state: str


@dataclass(frozen=True)
class _Experiment:
    rev: str
    name: str | None = None
    data: _Files | None = None


@dataclass(frozen=True)
class _Branch:
    """An experiment with the checkpoints on its way, the last first."""

    revs: Sequence[_Experiment]
    executor: _Executor | None = None


@dataclass(frozen=True)
class State(_Experiment):
    """The workspace or a commit, as far as we read of what `dvc exp show --json` prints."""

    experiments: Sequence[_Branch] | None = None


_STATES = TypeAdapter(list[State])


def print_experiments(layout: Layout = HERE) -> None:
    """Print the workspace, HEAD, its experiments and the queue as a table, best AUC first.

    Raises:
        BusyError, UserError: DVC is busy or refuses.
    """
    from rich.console import Console

    with repository(layout) as repo:
        states = states_of([state.dumpd() for state in repo.experiments.show()])
    print_rows(sorted(experiment_rows(states), key=best_first), Console())


def print_rows(rows: Iterable[Sequence[str]], console: Console) -> None:
    """Print `rows` as a table whose numbers are whole however narrow the terminal is."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for name in ("experiment", "state", *PARAMS, "features"):
        table.add_column(name, overflow="fold")
    for name in COLUMNS:
        table.add_column(name, overflow="fold", min_width=_NUMBER, justify="right")
    for row in rows:
        table.add_row(*map(shown, row))
    print_table(table, console)


def states_of(printed: object) -> list[State]:
    """Return what `dvc exp show --json` prints as records."""
    return _STATES.validate_python(printed)


def experiment_rows(states: Sequence[State]) -> Iterator[list[str]]:
    """Yield a row of cells for each state, and for each experiment on it."""
    for state in states:
        yield _row("workspace" if state.rev == "workspace" else "commit", state)
        for branch in state.experiments or []:
            status = branch.executor.state if branch.executor else "done"
            for experiment in branch.revs[:1]:
                yield _row(status, experiment)


def best_first(row: Sequence[str]) -> tuple[bool, float]:
    """Sort workspace and commits first, then experiments by (1-AUC)%, unfinished ones last."""
    loss = row[3 + len(PARAMS) + COLUMNS.index(ONE_MINUS_AUC.headline)]
    return (row[1] not in ("workspace", "commit"), float(loss) if loss else math.inf)


def _row(status: str, state: _Experiment) -> list[str]:
    files = state.data or _Files()
    params, metrics = _content(files.params, HERE.params), _content(files.metrics, HERE.metrics)
    found = [_leaf(params, section, key) for section, key in PARAMS.values()]
    known = metrics if status.lower() in _FINISHED else None
    numbers = [_number(_leaf(known, name)) for name in COLUMNS]
    cells = ["" if leaf is None else str(leaf) for leaf in found]
    return [state.name or state.rev[:7], status, *cells, _features(params), *numbers]


def _content(files: Mapping[str, _File], path: Path) -> object:
    return files.get(path.as_posix(), _File()).data


def _leaf(content: object, *keys: str) -> object:
    """Return what is at `keys`; None where there is nothing, as in a commit of earlier code."""
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _features(params: object) -> str:
    blocks = ("embedding", "words", "characters")
    return "+".join(name for name in blocks if _leaf(params, "features", name))


def _number(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float | int) else ""
