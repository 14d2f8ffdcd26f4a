"""Mail of both classes for the projects of these tests."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pyarrow as pa

from stages.files import write_parquet
from stages.mail.message import MESSAGE_SCHEMA, content_id


def mail(**changes: Any) -> list[dict[str, Any]]:
    """300 mails of both classes, one each three hours from 2024-01-01 on, no two alike."""
    rng = random.Random(0)
    words = [f"word{number}" for number in range(500)]
    first = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    rows = [
        {
            "received_at": first + dt.timedelta(hours=3 * number),
            "subject": f"mail {number}",
            "text": " ".join(rng.choices(words, k=30)),
            "label": ("ham", "spam")[number % 2],
            "source": "test",
        }
        for number in range(300)
    ]
    return [row | {"id": content_id("test", row["subject"], row["text"])} | changes for row in rows]


def write_mail(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(path, MESSAGE_SCHEMA, [pa.RecordBatch.from_pylist(rows, schema=MESSAGE_SCHEMA)])
