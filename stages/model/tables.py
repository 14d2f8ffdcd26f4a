"""Reading what fetch and embed wrote: messages beside their embeddings, checked to match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stages.machine.errors import DataError
from stages.records.messages import SPAM

COLUMNS = ["id", "received_at", "subject", "text", "label", "group"]
COLUMNS += ["is_list", "is_html", "sealed"]


@dataclass(frozen=True)
class Split:
    """One split of the mail with its embeddings, row by row.

    Attributes:
        table: n rows of `COLUMNS`.
        embeddings: `(n, dim) float32`.
        encoder: the fingerprint of the encoder that made them.
    """

    table: pa.Table
    embeddings: np.ndarray
    encoder: str

    @property
    def spam(self) -> np.ndarray:
        """`(n,) bool`: which messages are labelled spam."""
        return np.array([label == SPAM for label in self.column("label")], dtype=bool)

    def column(self, name: str) -> list[Any]:
        """Return a column as a list of n Python values."""
        return list(self.table.column(name).to_pylist())


def read_split(messages: Path, embeddings: Path) -> Split:
    """Read a whole split.

    Raises:
        DataError: the two files are not of the same messages in the same order.
    """
    parts = list(iter_split(messages, embeddings, rows=1 << 30))
    if not parts:
        raise DataError(f"{messages} is empty", expected="messages", fix="run `dvc repro fetch`")
    return parts[0]


def iter_split(messages: Path, embeddings: Path, *, rows: int) -> Iterator[Split]:
    """Yield a split in pieces of at most `rows` messages; nothing larger is held.

    Raises:
        DataError: the two files are not of the same messages in the same order.
    """
    texts, vectors = pq.ParquetFile(messages), pq.ParquetFile(embeddings)
    encoder = (vectors.schema_arrow.metadata or {}).get(b"encoder", b"").decode()
    if texts.metadata.num_rows != vectors.metadata.num_rows:
        raise _mismatch(messages, embeddings)
    pieces = zip(_pieces(texts, rows, COLUMNS), _pieces(vectors, rows, None), strict=True)
    for mail, embedded in pieces:
        if not mail.column("id").combine_chunks().equals(embedded.column("id").combine_chunks()):
            raise _mismatch(messages, embeddings)
        yield Split(mail, _matrix(embedded.column("embedding")), encoder)


def _matrix(column: pa.ChunkedArray[Any]) -> np.ndarray:
    """Return a column of fixed-size lists as `(n, dim) float32`."""
    whole: Any = column.combine_chunks()
    flat = np.asarray(whole.flatten(), dtype=np.float32)
    return flat.reshape(len(whole), whole.type.list_size)


def _pieces(file: pq.ParquetFile, rows: int, columns: list[str] | None) -> Iterator[pa.Table]:
    """Yield exactly `rows` rows at a time, wherever the file's row groups end."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in file.iter_batches(min(rows, 8192), columns=columns):
        while batch.num_rows:
            taken = batch.slice(0, rows - count)
            held.append(taken)
            count += taken.num_rows
            batch = batch.slice(taken.num_rows)
            if count == rows:
                yield pa.Table.from_batches(held)
                held, count = [], 0
    if held:
        yield pa.Table.from_batches(held)


def _mismatch(messages: Path, embeddings: Path) -> DataError:
    return DataError(
        f"{embeddings} is not of the messages in {messages}",
        expected="the same ids in the same order",
        fix="run `dvc repro embed`",
    )
