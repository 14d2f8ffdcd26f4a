"""What a verdict is made from: the window with its predictions, and the champion's reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stages.drift.descriptors import describe
from stages.drift.sample import Sample
from stages.machine.errors import DataError
from stages.machine.parquet import ANY_SIZE, parquet_head, read_table
from stages.model.tables import read_split
from stages.records.messages import SPAM

Columns = Mapping[str, NDArray[np.float64]]
# Of a text, in characters: what a report shows of it.
EXCERPT = 300


@dataclass(frozen=True)
class ScoredWindow:
    """The window's n messages, scored.

    Attributes:
        sample: ids, times, embeddings.
        encoder: the fingerprint of the encoder.
        labels: (n,) of "ham", "spam" and None.
        probability: (n,) of spam.
        called_spam: (n,) bool, the verdicts.
        distinct: (n,) bool, the first of each group of near copies.
        descriptors: by name, each (n,), see `describe`.
        beginnings: by id, the first `EXCERPT` characters of subject and of text.
    """

    sample: Sample
    encoder: str
    labels: NDArray[np.object_]
    probability: NDArray[np.float64]
    called_spam: NDArray[np.bool_]
    distinct: NDArray[np.bool_]
    descriptors: Columns
    beginnings: Mapping[str, tuple[str, str]]

    @property
    def campaigns(self) -> Sample:
        """The first of each group of near copies: what is compared with the reference."""
        return self.sample.kept(self.distinct)


@dataclass(frozen=True)
class Reference:
    """The champion's n reference messages: what of a `ScoredWindow` travels with a model."""

    sample: Sample
    encoder: str
    descriptors: Columns

    @property
    def probability(self) -> NDArray[np.float64]:
        """(n,) of spam, out of fold."""
        return self.descriptors["spam_probability"]


def read_window(messages: Path, embeddings: Path, predictions: Path, *, model: str) -> ScoredWindow:
    """Read the window.

    Args:
        messages: Parquet file of `MESSAGE_SCHEMA`.
        embeddings: Parquet file of the same messages' embeddings.
        predictions: folder of Parquet files of the same messages' predictions.
        model: the digest of the model that must have made the predictions.

    Raises:
        DataError: the three are not of the same messages, or another model predicted.
    """
    split = read_split(messages, embeddings)
    ids = split.column("id")
    predicted = _read_predictions(predictions, model)
    row_of = {name: row for row, name in enumerate(predicted.column("id").to_pylist())}
    if row_of.keys() != set(ids):
        raise DataError(
            f"{predictions} holds {len(row_of)} messages, not those {len(ids)} of {messages}",
            expected="a prediction for each message",
            fix="dvc repro infer",
        )
    predicted = predicted.take([row_of[name] for name in ids])
    groups = split.column("group")
    subjects, texts = (list(map(str, split.column(name))) for name in ("subject", "text"))
    return ScoredWindow(
        sample=_sample(split.table, split.embeddings, embeddings),
        encoder=split.encoder,
        labels=np.asarray(split.column("label"), dtype=object),
        probability=predicted.column("probability").to_numpy(),
        called_spam=np.asarray(predicted.column("verdict").to_pylist()) == SPAM,
        distinct=np.asarray(
            [group in (None, name) for group, name in zip(groups, ids, strict=True)]
        ),
        descriptors=describe(subjects, texts),
        beginnings={
            name: (subject[:EXCERPT], text[:EXCERPT])
            for name, subject, text in zip(ids, subjects, texts, strict=True)
        },
    )


def read_reference(path: Path) -> Reference:
    """Read the reference of a model folder; columns beyond the first four are descriptors.

    Raises:
        DataError: the file is damaged, or an embedding is not finite.
    """
    found = parquet_head(path, fix=_TRAIN).schema.to_arrow_schema()
    known = [field.name for field in _REFERENCE]
    others = [name for name in found.names if name not in known]
    properties = [pa.field(name, pa.float64(), nullable=False) for name in others]
    wanted = pa.schema([*_REFERENCE, *properties])
    table = read_table([path], wanted, fix=_TRAIN)
    descriptors = {name: table.column(name).to_numpy() for name in others}
    finite = all(np.isfinite(values).all() for values in descriptors.values())
    if "spam_probability" not in others or not table.num_rows or not finite:
        raise DataError(
            f"{path} is not a reference", expected="messages with their properties", fix=_TRAIN
        )
    column: Any = table.column("embedding").combine_chunks()
    vectors = pc.list_flatten(column).to_numpy().reshape(len(column), -1)
    return Reference(
        sample=_sample(table, vectors, path),
        encoder=(found.metadata or {}).get(b"encoder", b"").decode(errors="replace"),
        descriptors=descriptors,
    )


_TRAIN = "run `make run` to train the model again"
_REFERENCE: list[pa.Field[Any]] = [
    pa.field("id", pa.string(), nullable=False),
    pa.field("received_at", pa.timestamp("us", tz="UTC"), nullable=False),
    pa.field("label", pa.string()),
    pa.field("embedding", pa.list_(pa.float32(), ANY_SIZE), nullable=False),
]


def check_same_encoder(window: ScoredWindow, reference: Reference) -> None:
    """Fail where the embeddings cannot be compared.

    Raises:
        DataError: they are of two encoders.
    """
    if window.encoder != reference.encoder:
        raise DataError(
            f"the window's embeddings are of the encoder {window.encoder[:24]!r}",
            expected=f"{reference.encoder[:24]!r}, as in the production model's reference",
            fix="set the encoder group in conf/ to the production model's, or promote a model "
            "of the new encoder",
        )


_PREDICTED: list[pa.Field[Any]] = [
    pa.field("id", pa.string(), nullable=False),
    pa.field("probability", pa.float64(), nullable=False),
    pa.field("verdict", pa.string(), nullable=False),
    pa.field("model", pa.string(), nullable=False),
]


def _read_predictions(folder: Path, model: str) -> pa.Table:
    if not any(folder.rglob("*.parquet")):
        raise DataError(
            f"{folder} holds no predictions", expected="Parquet files", fix="dvc repro infer"
        )
    files = sorted(folder.rglob("*.parquet"))
    table = read_table(files, pa.schema(_PREDICTED), fix="dvc repro infer")
    others = {str(name) for name in table.column("model").to_pylist()} - {model}
    if others:
        raise DataError(
            f"{folder} holds predictions of {min(others)[:12]}",
            expected=f"those of the production model {model[:12]}",
            fix="dvc repro infer",
        )
    return table


def _sample(table: pa.Table, vectors: NDArray[np.float32], path: Path) -> Sample:
    if not np.isfinite(vectors).all():
        # Comparisons with NaN are false: it would read as "no drift".
        raise DataError(
            f"{path} holds embeddings that are not finite",
            expected="finite numbers",
            fix="dvc repro embed --force",
        )
    return Sample(
        ids=np.asarray(table.column("id").to_pylist(), dtype=np.str_),
        received_at=table.column("received_at").to_numpy().astype("datetime64[us]"),
        embeddings=vectors,
    )
