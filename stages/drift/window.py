"""The window that a verdict is on, with its predictions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stages.drift.descriptors import describe
from stages.drift.inputs import Columns, sample_of
from stages.drift.sample import Sample
from stages.machine.errors import DataError
from stages.machine.parquet import parquet_head, read_parquet
from stages.model.tables import Split, in_pieces, iter_split
from stages.records.messages import HAM, MESSAGE_SCHEMA, SPAM

# Of a text, in characters: what a report shows of it.
EXCERPT = 300
# Of one window with a reference. Permutations take a float and a half of each for every message,
# and the statistics of 10,000 are as sharp as a verdict needs.
MOST_COMPARED = 10_000
# Read at a time.
_ROWS = 4_096
# Behind all draws.
_COPY = 1 << 63
_LABELS = {HAM: HAM, SPAM: SPAM}
_FETCH, _INFER = "run `dvc repro fetch`", "dvc repro infer"


@dataclass(frozen=True)
class ScoredWindow:
    """The window's n messages, scored.

    Attributes:
        sample: ids, times, embeddings of k of them: of all, or of those that `sampled` names.
        encoder: the fingerprint of the encoder.
        labels: (n,) of "ham", "spam" and None.
        probability: (n,) of spam.
        called_spam: (n,) bool, the verdicts.
        distinct: (n,) bool, the first of each group of near copies.
        descriptors: by name, each (k,), see `describe`.
        beginnings: by id, the first `EXCERPT` characters of subject and of text, of all k.
        sampled: (k,) which of the n messages are in `sample`, rising; None for all.
    """

    sample: Sample
    encoder: str
    labels: NDArray[np.object_]
    probability: NDArray[np.float64]
    called_spam: NDArray[np.bool_]
    distinct: NDArray[np.bool_]
    descriptors: Columns
    beginnings: Mapping[str, tuple[str, str]]
    sampled: NDArray[np.intp] | None = None

    def of_sample(self, column: NDArray[Any]) -> NDArray[Any]:
        """Return the k rows of a column (n,) that are in `sample`."""
        return column if self.sampled is None else np.asarray(column[self.sampled])

    @property
    def campaigns(self) -> Sample:
        """The first of each group of near copies: what is compared with the reference."""
        return self.sample.kept(self.of_sample(self.distinct))

    def of_campaigns(self, column: NDArray[Any]) -> NDArray[Any]:
        """Return the rows of a column (n,) that are in `campaigns`."""
        return np.asarray(self.of_sample(column)[self.of_sample(self.distinct)])


def read_window(messages: Path, embeddings: Path, predictions: Path, *, model: str) -> ScoredWindow:
    """Read the window; of one with more than `MOST_COMPARED` messages only a sample is held.

    The sample is of messages that are no copies, by a hash of their ids: it holds at most
    `MOST_COMPARED` of them, and is the same for the same mail. Of the others some numbers are held.

    Args:
        messages: Parquet file of `MESSAGE_SCHEMA`.
        embeddings: Parquet file of the same messages' embeddings.
        predictions: folder of Parquet files of the same messages' predictions, in that order.
        model: the digest of the model that must have made the predictions.

    Raises:
        DataError: the three are not of the same messages, or another model predicted.
    """
    total = parquet_head(messages, fix=_FETCH).num_rows
    sampled = _drawn(messages) if total > MOST_COMPARED else None
    files = _prediction_files(predictions)
    predicted = sum(parquet_head(path, fix=_INFER).num_rows for path in files)
    if predicted != total:
        raise _not_those(predictions, predicted, messages, total)
    read = (batch for path in files for batch in read_parquet(path, _PREDICTED, fix=_INFER))
    parts, start = [], 0
    for split, scored in zip(
        iter_split(messages, embeddings, rows=_ROWS), in_pieces(read, _ROWS), strict=True
    ):
        _check_model(scored, predictions, model)
        if split.column("id") != scored.column("id").to_pylist():
            raise _not_those(predictions, predicted, messages, total)
        parts.append(_part(split, scored, _within(sampled, start, split.table.num_rows)))
        start += split.table.num_rows
    if not parts:
        raise DataError(f"{messages} is empty", expected="messages", fix=_FETCH)
    return _joined(parts, sampled)


@dataclass(frozen=True)
class _Part:
    """Some rows of a window; see `ScoredWindow`."""

    sample: Sample
    encoder: str
    columns: tuple[NDArray[Any], ...]
    descriptors: Columns
    beginnings: Mapping[str, tuple[str, str]]


def _within(sampled: NDArray[np.intp] | None, start: int, rows: int) -> NDArray[np.intp]:
    """Return which of `rows` messages from `start` on are in the sample, counted from `start`."""
    if sampled is None:
        return np.arange(rows)
    first, last = np.searchsorted(sampled, [start, start + rows])
    return sampled[first:last] - start


def _part(split: Split, scored: pa.Table, sampled: NDArray[np.intp]) -> _Part:
    pairs = zip(split.column("group"), split.column("id"), strict=True)
    columns = (
        # The very objects: a window has many of each.
        np.array([_LABELS.get(label) for label in split.column("label")], dtype=object),
        scored.column("probability").to_numpy(),
        np.asarray(scored.column("verdict").to_pylist()) == SPAM,
        np.array([group in (None, name) for group, name in pairs], dtype=bool),
    )
    looked_at = Split(split.table.take(sampled), split.embeddings[sampled], split.encoder)
    ids = looked_at.column("id")
    subjects, texts = (list(map(str, looked_at.column(name))) for name in ("subject", "text"))
    pairs = zip(subjects, texts, strict=True)
    return _Part(
        sample=sample_of(looked_at.table, looked_at.embeddings),
        encoder=split.encoder,
        columns=columns,
        descriptors=describe(subjects, texts),
        beginnings={
            name: (subject[:EXCERPT], text[:EXCERPT])
            for name, (subject, text) in zip(ids, pairs, strict=True)
        },
    )


def _joined(parts: list[_Part], sampled: NDArray[np.intp] | None) -> ScoredWindow:
    labels, probability, called_spam, distinct = map(
        np.concatenate, zip(*(part.columns for part in parts), strict=True)
    )
    samples = [part.sample for part in parts]
    return ScoredWindow(
        sample=Sample(
            ids=np.concatenate([part.ids for part in samples]),
            received_at=np.concatenate([part.received_at for part in samples]),
            embeddings=np.concatenate([part.embeddings for part in samples]),
        ),
        encoder=parts[0].encoder,
        labels=labels,
        probability=probability,
        called_spam=called_spam,
        distinct=distinct,
        descriptors={
            name: np.concatenate([part.descriptors[name] for part in parts])
            for name in parts[0].descriptors
        },
        beginnings={name: text for part in parts for name, text in part.beginnings.items()},
        sampled=sampled,
    )


def _drawn(messages: Path) -> NDArray[np.intp]:
    """Return the rows of at most `MOST_COMPARED` messages that are no copies, rising."""
    draws = []
    for batch in read_parquet(messages, _NAMED, fix=_FETCH, rows=_ROWS):
        pairs = zip(batch.column("id").to_pylist(), batch.column("group").to_pylist(), strict=True)
        drawn = [_draw(str(name)) if group in (None, name) else _COPY for name, group in pairs]
        draws.append(np.array(drawn, np.uint64))
    whole = np.concatenate(draws)
    kept = min(MOST_COMPARED, int((whole != _COPY).sum()))
    if not kept:
        return np.empty(0, np.intp)
    border = np.partition(whole, kept - 1)[kept - 1]
    return np.flatnonzero(whole <= border)[:MOST_COMPARED]


def _draw(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest(), "big")


_COLUMNS: list[pa.Field[Any]] = [
    pa.field("id", pa.string(), nullable=False),
    pa.field("probability", pa.float64(), nullable=False),
    pa.field("verdict", pa.string(), nullable=False),
    pa.field("model", pa.string(), nullable=False),
]
_PREDICTED = pa.schema(_COLUMNS)
_NAMED = pa.schema([MESSAGE_SCHEMA.field(name) for name in ("id", "group")])


def _prediction_files(folder: Path) -> list[Path]:
    """Return the files of `folder`, which are named by their days, in the order of time."""
    files = sorted(folder.rglob("*.parquet"))
    if not files:
        raise DataError(f"{folder} holds no predictions", expected="Parquet files", fix=_INFER)
    return files


def _not_those(folder: Path, predicted: int, messages: Path, total: int) -> DataError:
    return DataError(
        f"{folder} holds {predicted} messages, not those {total} of {messages}",
        expected="a prediction for each message, in their order",
        fix=_INFER,
    )


def _check_model(predicted: pa.Table, folder: Path, model: str) -> None:
    others = {str(name) for name in predicted.column("model").unique().to_pylist()} - {model}
    if others:
        raise DataError(
            f"{folder} holds predictions of {min(others)[:12]}",
            expected=f"those of the production model {model[:12]}",
            fix=_INFER,
        )
