"""Made-up mail as the drift room sees it: embeddings in topics, ids, times, files."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stages import config
from stages.drift.comparison import Comparison
from stages.drift.sample import Sample
from stages.drift.statistics import STATISTICS
from stages.drift.verdict import Subject
from stages.records.decision import Cause
from stages.records.messages import MESSAGE_SCHEMA
from stages.records.verdict import Explanation, JudgedWindow, Measurement, Quality, Scores

DIM = 32
MODEL = "a" * 64
ENCODER = "encoder/1"
START = np.datetime64("2002-07-01T00:00:00", "us")
_TOPICS = np.random.default_rng(99).normal(size=(8, DIM))
DRIFT = {
    "min_window": 50,
    "null_distribution": "permutation",
    "permutations": 300,
    "false_alarm_rate": 0.01,
    "quorum": 2,
    "effect_floor": 1.7,
    "unusual_rate": 0.05,
    "max_log_loss_rise": 0.05,
    "max_estimated_rise_percent": 3.0,
}


def drift(**changes: Any) -> config.Drift:
    return config.Drift(**{**DRIFT, **changes})


def embeddings(rng: np.random.Generator, n: int, topics: list[int]) -> np.ndarray:
    """Return (n, DIM) float32 of unit length, spread evenly over `topics` (0-7)."""
    rows = _TOPICS[rng.choice(topics, n)] + rng.normal(size=(n, DIM))
    unit: np.ndarray = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def sample(
    rng: np.random.Generator, n: int, topics: list[int], *, days: int = 28, start: int = 0
) -> Sample:
    """Return n messages of `topics`, at random times in `days` days from day `start` on."""
    minutes = np.sort(rng.integers(0, days * 1440, n)).astype("timedelta64[m]")
    vectors = embeddings(rng, n, topics)
    ids = [hashlib.sha256(row.tobytes()).hexdigest() for row in vectors]
    return Sample(np.asarray(ids), START + np.timedelta64(start, "D") + minutes, vectors)


def subject(messages: int = 300, reference_messages: int = 1000) -> Subject:
    return Subject(
        model=MODEL,
        window=JudgedWindow(
            start=dt.date(2002, 9, 2),
            end=dt.date(2002, 9, 9),
            messages=messages,
            predicted_spam_share=0.25,
            copies=0,
        ),
        reference_messages=reference_messages,
    )


def comparison(voted: int, effects: tuple[float, ...] = ()) -> Comparison:
    """Return a comparison in which the first `voted` statistics vote; the effects default to 1."""
    statistics = {
        statistic.name: Measurement(
            value=0.9 if i < voted else 0.1,
            threshold=0.5,
            p_value=0.002,
            ratio=6.0,
            effect=effects[i] if i < len(effects) else 1.0,
            floor=1.7,
            voted=i < voted,
        )
        for i, statistic in enumerate(STATISTICS)
    }
    return Comparison(statistics, vote_p_value=0.002, usual_windows=3, usual_known=False)


def quality(log_loss: float, holdout: float | None = 0.05) -> Quality:
    """Return a quality whose log loss surely lies above `holdout` by 0.02 less than it does."""
    rise_low = None if holdout is None else log_loss - holdout - 0.02
    auc = None if holdout is None else 0.5
    return Quality(1.5, 50, 200, 1.2, 0.9, 0.95, log_loss, rise_low, holdout, auc)


def scores(error: float = 1.0) -> Scores:
    return Scores(0.1, error, reference_error_percent=1.0)


def explanation(cause: Cause | None) -> Explanation:
    return Explanation(0.5, 0.3, share_p_value=0.001, content_p_value=0.4, cause=cause)


def write_window(
    folder: Path, messages: Sample, *, model: str = MODEL, text: str = "hello"
) -> None:
    """Write messages, embeddings and predictions as fetch, embed and infer do, below `folder`."""
    order = np.argsort(messages.received_at, kind="stable")
    ids = messages.ids[order].tolist()
    times = messages.received_at[order].astype(dt.datetime)
    received = [moment.replace(tzinfo=dt.UTC) for moment in times]
    n = len(ids)
    spam = np.arange(n) % 4 == 0
    labels = np.where(spam, "spam", "ham")
    columns = {
        "id": ids,
        "received_at": received,
        "subject": ["subject"] * n,
        "text": [f"{text} {i}" for i in range(n)],
        "label": labels.tolist(),
        "source": ["test"] * n,
    }
    nulls = {name: [None] * n for name in MESSAGE_SCHEMA.names if name not in columns}
    mail = pa.table({**columns, **nulls}, schema=MESSAGE_SCHEMA)
    _write(mail, folder / "fetch/batch.parquet")
    write_embeddings(folder / "embed/batch.parquet", {"id": ids}, messages.embeddings[order])
    predicted = pa.table(
        {
            "id": ids,
            "received_at": received,
            "probability": pa.array(np.where(spam, 0.9, 0.1)),
            "verdict": labels.tolist(),
            "model": [model] * n,
        }
    )
    _write(predicted, folder / "infer/predictions/year=2002/month=07/day=01/part.parquet")


def write_reference(path: Path, messages: Sample, **descriptors: np.ndarray) -> None:
    """Write the reference of a model folder."""
    columns = {
        "id": messages.ids.tolist(),
        "received_at": pa.array(messages.received_at, pa.timestamp("us", tz="UTC")),
        "label": ["ham"] * len(messages),
    }
    spam = np.arange(len(messages)) % 4 == 0
    probability = {"spam_probability": np.where(spam, 0.9, 0.1)}
    write_embeddings(path, columns, messages.embeddings, **probability | descriptors)


def write_embeddings(
    path: Path, columns: dict[str, Any], vectors: np.ndarray, **more: np.ndarray
) -> None:
    flat = pa.array(np.ascontiguousarray(vectors).ravel())
    embedding = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    arrays = {name: pa.array(values) for name, values in more.items()}
    table = pa.table({**columns, "embedding": embedding, **arrays})
    _write(table.replace_schema_metadata({"encoder": ENCODER}), path)


def _write(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
