"""Mail of both classes, and what the stages make of it, for the projects of these tests."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stages import config
from stages.embed import schema
from stages.machine.files import tree_digest
from stages.machine.parquet import write_parquet
from stages.mail.message import content_id
from stages.model.evaluation import HoldoutScores, evaluate, headline
from stages.model.tables import COLUMNS, Split
from stages.records.layout import Layout
from stages.records.messages import MESSAGE_SCHEMA
from stages.records.pointer import Pointer
from tests.command_line.project import Project
from tests.registry.samples import ENCODER


def mail(**changes: Any) -> list[dict[str, Any]]:
    """300 mails of both classes, one each three hours from 2024-01-01 on, no two alike."""
    rng = random.Random(0)
    words = [f"word{number}" for number in range(500)]
    first = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    rows: list[dict[str, Any]] = [
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


def write_evaluation(project: Project) -> None:
    """Write what the stages leave beside `data/train/model`, whatever that model is worth."""
    digest = tree_digest(project.folder / "data/train/model")
    data = project.folder / "data"
    held_out = pq.read_table(data / "fetch/holdout.parquet", columns=COLUMNS)
    split = Split(held_out, np.zeros((len(held_out), ENCODER.dim), np.float32), "encoder")
    scores = HoldoutScores(digest, split.spam.astype(float), threshold=0.5)
    report = evaluate(split, scores, None, config.Evaluation(100, 0.95), seed=1)
    report.write(Layout(project.folder))
    headline(report).write(Layout(project.folder))
    for name, text in {
        "evaluate/plots/roc.csv": "x,y\n0,1\n",
        "train/trials.csv": "trial\n0\n",
    }.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(text)
    ids = pq.read_table(data / "fetch/batch.parquet", columns=["id"]).column("id").to_pylist()
    rows = [{"id": name, "embedding": [0.0] * ENCODER.dim} for name in ids]
    batch = pa.RecordBatch.from_pylist(rows, schema=schema(ENCODER))
    write_parquet(data / "embed/batch.parquet", schema(ENCODER), [batch])
    Pointer("spamline", None, None).write(Layout(project.folder))


def in_production(project: Project) -> str:
    """Let the pointer name the project's model; return its digest."""
    digest = tree_digest(project.folder / "data/train/model")
    Pointer("spamline", digest, None).write(Layout(project.folder))
    return digest
