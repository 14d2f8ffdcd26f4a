"""The table of messages that stages hand each other: its columns, its labels, its batches."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

HAM, SPAM = "ham", "spam"
LABELS = (HAM, SPAM)

_FIELDS: list[pa.Field[Any]] = [
    # SHA-256 of the raw bytes; where a source has no raw mail, the user's own id, or SHA-256 of
    # source, date, subject and text.
    pa.field("id", pa.string(), nullable=False),
    # When the receiving server took it, not what the sender's Date claims; a seeded order
    # where a source has no dates (`stages.mail.sources.tables`).
    pa.field("received_at", pa.timestamp("us", tz="UTC")),
    pa.field("subject", pa.string(), nullable=False),
    # The decoded body, HTML turned into text.
    pa.field("text", pa.string(), nullable=False),
    # "ham", "spam", or null where it is unknown.
    pa.field("label", pa.string()),
    # Where it came from, for slices and for people: "spamassassin/easy-ham-1".
    pa.field("source", pa.string(), nullable=False),
    # The id of the first message of its cluster of near duplicates.
    pa.field("group", pa.string()),
    # From the headers, for slices; null where the source has none.
    pa.field("is_list", pa.bool_()),
    pa.field("is_html", pa.bool_()),
    # Why the text is empty: the mail is encrypted, or in a format that is not read ("tnef",
    # "smime", "pgp"); null for all other mail.
    pa.field("sealed", pa.string()),
    # The mail as it came, where the source has it.
    pa.field("raw", pa.binary()),
]
MESSAGE_SCHEMA = pa.schema(_FIELDS)

# A batch ends with this many messages, or with this many bytes of text and raw mail.
BATCH_ROWS = 500
BATCH_BYTES = 16_777_216
