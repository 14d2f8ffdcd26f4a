"""What a message is: one row of `MESSAGE_SCHEMA`, whatever source it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

HAM, SPAM = "ham", "spam"
LABELS = (HAM, SPAM)

_FIELDS: list[pa.Field[Any]] = [
    # SHA-256 of the raw bytes (of source, subject and text where a source has no raw mail).
    pa.field("id", pa.string(), nullable=False),
    # When the receiving server took it, not what the sender's Date claims; a seeded order
    # where a source has no dates (`stages.mail.sources.tables`).
    pa.field("received_at", pa.timestamp("us", tz="UTC")),
    pa.field("subject", pa.string(), nullable=False),
    # The decoded body, HTML turned into text.
    pa.field("text", pa.string(), nullable=False),
    # "ham", "spam", or null where nobody has said.
    pa.field("label", pa.string()),
    # Where it came from, for slices and for people: "spamassassin/easy-ham-1".
    pa.field("source", pa.string(), nullable=False),
    # The id of the first message of its cluster of near duplicates.
    pa.field("group", pa.string()),
    # From the headers, for slices; null where the source has none.
    pa.field("is_list", pa.bool_()),
    pa.field("is_html", pa.bool_()),
    # The mail as it came, where the source has it.
    pa.field("raw", pa.binary()),
]
MESSAGE_SCHEMA = pa.schema(_FIELDS)

# A batch ends with this many messages, or this much of text and raw mail.
BATCH_ROWS = 500
BATCH_BYTES = 16_777_216


def raw_id(raw: bytes) -> str:
    """Return the id of a mail that came as raw bytes."""
    return hashlib.sha256(raw).hexdigest()


def content_id(source: str, subject: str, text: str) -> str:
    """Return the id of a message that has no raw mail; NUL, which no clean text has, parts them."""
    return hashlib.sha256("\0".join((source, subject, text)).encode()).hexdigest()


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
