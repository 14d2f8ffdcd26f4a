"""Reading what fetch and embed wrote: messages beside their embeddings, checked to match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from stages.machine.errors import DataError
from stages.machine.parquet import ANY_SIZE, parquet_head, read_parquet
from stages.records.messages import MESSAGE_SCHEMA, SPAM

COLUMNS = ["id", "received_at", "subject", "text", "label", "group"]
COLUMNS += ["is_list", "is_html", "sealed"]
_MAIL = pa.schema([MESSAGE_SCHEMA.field(name) for name in COLUMNS])
# What is read at a time, and the columns of embeddings of any dimension.
_ROWS = 8192
_EMBEDDED = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("embedding", pa.list_(pa.float32(), ANY_SIZE), nullable=False),
    ]
)
_FETCH, _EMBED = "run `dvc repro fetch`", "run `dvc repro embed`"


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
    texts = parquet_head(messages, fix=_FETCH)
    vectors = parquet_head(embeddings, fix=_EMBED)
    if texts.num_rows != vectors.num_rows:
        raise _mismatch(messages, embeddings)
    found = vectors.schema.to_arrow_schema()
    encoder = (found.metadata or {}).get(b"encoder", b"").decode(errors="replace")
    pieces = zip(
        in_pieces(read_parquet(messages, _MAIL, fix=_FETCH, rows=min(rows, _ROWS)), rows),
        in_pieces(read_parquet(embeddings, _EMBEDDED, fix=_EMBED, rows=min(rows, _ROWS)), rows),
        strict=True,
    )
    for mail, embedded in pieces:
        if not mail.column("id").combine_chunks().equals(embedded.column("id").combine_chunks()):
            raise _mismatch(messages, embeddings)
        yield Split(mail, _matrix(embedded.column("embedding"), embeddings), encoder)


def _matrix(column: pa.ChunkedArray[Any], path: Path) -> np.ndarray:
    """Return a column of fixed-size lists as `(n, dim) float32`.

    Raises:
        DataError: a number is not finite.
    """
    whole: Any = column.combine_chunks()
    flat = np.asarray(whole.flatten(), dtype=np.float32)
    if not np.isfinite(flat).all():
        raise DataError(
            f"{path} holds embeddings that are not finite",
            expected="finite numbers",
            fix="dvc repro embed --force",
        )
    return flat.reshape(len(whole), whole.type.list_size)


def in_pieces(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Yield exactly `rows` rows at a time, wherever the batches end."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
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
