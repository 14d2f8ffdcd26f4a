"""What is kept of each window that a policy has lived through: two files, the second its seal."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from stages.drift.window import ScoredWindow
from stages.loop.guards import Action
from stages.machine.files import json_text, read_bytes, write_text
from stages.machine.parquet import read_table, write_parquet
from stages.records.document import parsed, plain
from stages.records.messages import HAM, SPAM
from stages.records.pointer import Pointer
from stages.records.verdict import Verdict


@dataclass(frozen=True)
class Retraining:
    """What came of a retraining at the end of a window.

    Attributes:
        promoted: whether the gate accepted the candidate, which then went into production.
        reason: its loss on its holdout; else why the gate refused it, or why there is none.
    """

    promoted: bool
    reason: str


@dataclass(frozen=True)
class Record:
    """One window under one policy.

    Attributes:
        start: its first day.
        end: the day after its last.
        verdict: rounded, as a file would say it; None where there was no mail.
        action: what the guards say of it, in the light of the verdicts before.
        retraining: None where the policy did not retrain.
        production: the model in production after the window.
        until: where that model's history ends.
        cpu_seconds: of fetching, scoring and judging the window.
        retraining_cpu_seconds: of fetching, training and evaluating.
    """

    start: dt.date
    end: dt.date
    verdict: Verdict | None
    action: Action
    retraining: Retraining | None
    production: Pointer
    until: dt.date
    cpu_seconds: float
    retraining_cpu_seconds: float


@dataclass(frozen=True)
class Scored:
    """The labelled messages of windows, and what was said of them.

    Attributes:
        spam: (n,) bool, the labels.
        probability: (n,) float64, of spam.
        called_spam: (n,) bool, the verdicts.
    """

    spam: np.ndarray
    probability: np.ndarray
    called_spam: np.ndarray

    @classmethod
    def of(cls, window: ScoredWindow) -> Scored:
        """Return the messages of `window` that have a label."""
        known = np.isin(window.labels, (HAM, SPAM))
        labels, probability = window.labels[known], window.probability[known]
        return cls(labels == SPAM, probability, window.called_spam[known])

    @classmethod
    def joined(cls, parts: list[Scored]) -> Scored:
        """Return all messages of at least one part."""
        columns = zip(*(dataclasses.astuple(part) for part in parts), strict=True)
        return cls(*map(np.concatenate, columns))


_RECORD = TypeAdapter(Record)
_COLUMNS: dict[str, pa.DataType] = {
    "spam": pa.bool_(),
    "probability": pa.float64(),
    "called_spam": pa.bool_(),
}
_SCHEMA = pa.schema(_COLUMNS)


def write_record(folder: Path, record: Record, scored: Scored | None) -> None:
    """Keep a window in `folder`, whole or not at all; `scored` is None where there was no mail."""
    if scored is not None:
        rows = pa.RecordBatch.from_pydict(vars(scored), schema=_SCHEMA)
        write_parquet(_messages(folder, record.start), _SCHEMA, [rows])
    # Not rounded, and last: with it the window counts.
    write_text(_seal(folder, record.start), json_text(plain(_RECORD, record)))


def read_record(folder: Path, start: dt.date) -> Record | None:
    """Return the window that began on `start`; None if it was not lived to its end."""
    try:
        return parsed(_RECORD, read_bytes(_seal(folder, start)))
    except (FileNotFoundError, ValueError):
        return None


def read_scored(folder: Path, start: dt.date) -> Scored | None:
    """Return the labelled messages of that window; None where there were none."""
    path = _messages(folder, start)
    if not path.exists():
        return None
    fix = f"remove {folder.parent}, then run the same again"
    table = read_table([path], _SCHEMA, fix=fix)
    return Scored(*(table.column(name).to_numpy() for name in _SCHEMA.names))


def _seal(folder: Path, start: dt.date) -> Path:
    return folder / f"{start}.json"


def _messages(folder: Path, start: dt.date) -> Path:
    return folder / f"{start}.parquet"
