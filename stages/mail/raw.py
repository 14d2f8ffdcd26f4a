"""Mail as it came, with its label and where it is from, and how it becomes a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from stages.mail.message import raw_id
from stages.mail.parse import parse_message
from stages.mail.received import DateRange
from stages.records.messages import BATCH_BYTES, BATCH_ROWS, MESSAGE_SCHEMA

_RAW = pa.schema(
    [
        pa.field("raw", pa.binary(), nullable=False),
        MESSAGE_SCHEMA.field("label"),
        MESSAGE_SCHEMA.field("source"),
    ]
)


class RawMail(NamedTuple):
    """A mail before it is parsed."""

    raw: bytes
    label: str | None
    source: str


@dataclass(frozen=True)
class Parsing:
    """What a cluster does: raw mail is parsed; see `Work`.

    Attributes:
        dates: those that the mail's source can hold.
    """

    dates: DateRange

    @property
    def identity(self) -> str:
        """See `Work`."""
        return repr(self.dates)

    def start(self) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        """See `Work`."""
        return self._parsed

    def _parsed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        rows = [parsed(RawMail(**row), self.dates) for row in batch.to_pylist()]
        return pa.RecordBatch.from_pylist(rows, schema=MESSAGE_SCHEMA)


def parsed(mail: RawMail, dates: DateRange) -> dict[str, object]:
    """Return the row of `MESSAGE_SCHEMA` that `mail` becomes."""
    found = parse_message(mail.raw, dates)
    return {
        "id": raw_id(mail.raw),
        "received_at": found.received_at,
        "subject": found.subject,
        "text": found.text,
        "label": mail.label,
        "source": mail.source,
        "is_list": found.is_list,
        "is_html": found.is_html,
        "sealed": found.sealed,
        "raw": mail.raw,
    }


def batched_raw(mails: Iterable[RawMail]) -> Iterator[pa.RecordBatch]:
    """Yield `mails` in batches of at most `BATCH_ROWS` mails, or of `BATCH_BYTES` and a mail."""
    kept: list[RawMail] = []
    size = 0
    for mail in mails:
        kept.append(mail)
        size += len(mail.raw)
        if len(kept) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield _raw_batch(kept)
            kept, size = [], 0
    if kept:
        yield _raw_batch(kept)


def _raw_batch(mails: list[RawMail]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([mail._asdict() for mail in mails], schema=_RAW)
