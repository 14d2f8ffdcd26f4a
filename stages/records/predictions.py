"""Predictions on this machine's disk: Parquet by day.

A file's name says which model scored which window, so scoring again replaces and never doubles.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from stages import config
from stages.machine.files import replacing
from stages.machine.parquet import write_parquet
from stages.records.infer_summary import InferSummary, WindowEdges
from stages.records.messages import SPAM

_DECIMALS = 6
_BINS = 10

_FIELDS: list[pa.Field[Any]] = [
    pa.field("id", pa.string(), nullable=False),
    pa.field("received_at", pa.timestamp("us", tz="UTC"), nullable=False),
    # Of spam, 0 to 1, rounded to `_DECIMALS`: the last bits differ between kinds of CPU.
    pa.field("probability", pa.float64(), nullable=False),
    pa.field("verdict", pa.string(), nullable=False),
    # The model digest.
    pa.field("model", pa.string(), nullable=False),
]
SCHEMA = pa.schema(_FIELDS)


@dataclass(frozen=True)
class Drop:
    """What one run of inference leaves: the predictions of one model for one window."""

    model: str
    window: config.Window

    @property
    def file_name(self) -> str:
        """The name of its file in each day's folder."""
        return f"{self.model[:16]}_{self.window.batch_from}_{self.window.batch_to}.parquet"


def day_folder(day: dt.date) -> str:
    """Return the folder of `day`'s predictions, as Hive partitions are named."""
    return f"{day:year=%Y/month=%m/day=%d}"


def write_predictions(folder: Path, drop: Drop, batches: Iterable[pa.RecordBatch]) -> list[Path]:
    """Write `batches` to `folder`, which is replaced whole; return the files, relative to it.

    Args:
        folder: gets `year=YYYY/month=MM/day=DD/<file>`, by the UTC day of `received_at`.
        drop: names the files.
        batches: of `SCHEMA`, in the order of `received_at`; one is held at a time.

    Raises:
        ValueError: a day comes back after another one: its file would be overwritten.
    """
    written: list[Path] = []
    with replacing(folder) as temporary:
        temporary.mkdir()
        pieces = (piece for batch in batches for piece in _by_day(batch))
        for day, same_day in groupby(pieces, key=lambda piece: piece[0]):
            path = Path(day) / drop.file_name
            if path in written:
                raise ValueError(f"predictions are not in the order of received_at: {day} again")
            write_parquet(temporary / path, SCHEMA, (rows for _, rows in same_day))
            written.append(path)
    return written


def prediction_rows(
    table: pa.Table, probabilities: np.ndarray, verdicts: list[str], *, model: str
) -> pa.RecordBatch:
    """Return n predictions as rows of `SCHEMA`.

    Args:
        table: n messages, at least `id` and `received_at`.
        probabilities: `(n,) float64`, of spam.
        verdicts: n of "spam" and "ham".
        model: the model digest.
    """
    columns: dict[str, Any] = {
        "id": table.column("id").combine_chunks(),
        "received_at": table.column("received_at").combine_chunks(),
        "probability": probabilities.round(_DECIMALS),
        "verdict": verdicts,
        "model": [model] * table.num_rows,
    }
    return pa.RecordBatch.from_pydict(columns, schema=SCHEMA)


class Tally:
    """Counts over predictions that pass by."""

    def __init__(self) -> None:
        self.messages = self.spam = 0
        self._total = 0.0
        self._bins = np.zeros(_BINS, dtype=np.int64)

    def seen(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Count `rows` and return them."""
        probabilities = rows.column("probability").to_numpy()
        self.messages += rows.num_rows
        self.spam += rows.column("verdict").to_pylist().count(SPAM)
        self._total += float(probabilities.sum())
        self._bins += np.histogram(probabilities, bins=_BINS, range=(0.0, 1.0))[0]
        return rows

    def summary(self, drop: Drop) -> InferSummary:
        """Return what was counted, which is the content of `drop`."""
        return InferSummary(
            model=drop.model,
            window=WindowEdges(drop.window.batch_from, drop.window.batch_to),
            messages=self.messages,
            spam=self.spam,
            spam_share=self.spam / self.messages if self.messages else None,
            mean_probability=self._total / self.messages if self.messages else None,
            histogram=tuple(self._bins.tolist()),
        )


def _by_day(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Cut `batch` where the day changes; yield `(year=…/month=…/day=…, rows)`."""
    received: list[Any] = batch.column("received_at").to_pylist()
    days = [day_folder(at) for at in received]
    start = 0
    for day, rows in groupby(days):
        length = len(list(rows))
        yield day, batch.slice(start, length)
        start += length
