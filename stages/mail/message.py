"""A message of any source becomes a row of `MESSAGE_SCHEMA`: its id, and the batches it joins."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from stages.records.messages import BATCH_BYTES, BATCH_ROWS, MESSAGE_SCHEMA


def raw_id(raw: bytes) -> str:
    """Return the id of a mail that came as raw bytes."""
    return hashlib.sha256(raw).hexdigest()


def content_id(*parts: str) -> str:
    """Return the id of a message without raw mail, from its source, its moment and what it says.

    A NUL, which no clean text has, separates the parts.
    """
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def batched(rows: Iterable[dict[str, Any]]) -> Iterator[pa.RecordBatch]:
    """Yield `rows` as batches of `MESSAGE_SCHEMA`; keys that a row lacks are null."""
    kept: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        kept.append(row)
        size += len(row["text"]) + len(row.get("raw") or b"")
        if len(kept) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield pa.RecordBatch.from_pylist(kept, schema=MESSAGE_SCHEMA)
            kept, size = [], 0
    if kept:
        yield pa.RecordBatch.from_pylist(kept, schema=MESSAGE_SCHEMA)
