"""The infer stage: the production model scores the batch."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from stages import config
from stages.model.cached_encoder import load_cached
from stages.model.filter import Filter, reader
from stages.model.scoring.scorer import CLASSIFIER
from stages.model.tables import Split, iter_split
from stages.records.layout import Layout
from stages.records.pointer import in_production
from stages.records.predictions import Drop, Tally, prediction_rows, write_predictions
from stages.records.specification import SPECIFICATION
from stages.registry.shelf import Shelf

if TYPE_CHECKING:
    from stages.compute import Cluster

# What scoring reads of a message, beside its embedding.
_COLUMNS = ("id", "received_at", "subject", "text")


@dataclass(frozen=True)
class InferParams:
    """The sections of `params.yaml` that this stage reads."""

    window: config.Window
    inference: config.Inference


@dataclass(frozen=True)
class Scoring:
    """What a cluster does: each batch of messages with embeddings is scored; see `Work`.

    Attributes:
        digest: of the model.
        files: the model's files, by name: a node may see no folder of this machine.
        encoder: the fingerprint of the encoder that made the embeddings.
    """

    digest: str
    files: tuple[tuple[str, bytes], ...]
    encoder: str

    @property
    def identity(self) -> str:
        """See `Work`."""
        return f"{self.digest} {self.encoder}"

    def start(self) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        """See `Work`."""
        with tempfile.TemporaryDirectory() as folder:
            for name, content in self.files:
                Path(folder, name).write_bytes(content)
            model = Filter.load(Path(folder))
        return lambda batch: _scored(_split(batch, self.encoder), model, self.digest)


def run(
    params: InferParams, layout: Layout, models: Shelf, *, cluster: Cluster | None = None
) -> str:
    """Write `data/infer/predictions/` and `summary.json`; return a line on them.

    Args:
        params: what this stage reads.
        layout: the project.
        models: where the production model is.
        cluster: who scores; by default this machine.

    Raises:
        RegistryError: there is no production model, or it is not available.
        DataError: messages and embeddings are not of the same mail.
    """
    digest, _ = in_production(layout)
    # Before MLflow, which the registry needs.
    reader()
    folder = models.obtain(digest)
    model = Filter.load(folder, load_cached)
    tally = Tally()
    mail, embeddings = layout.messages("batch"), layout.embeddings("batch")
    pieces = iter_split(mail, embeddings, rows=params.inference.batch_rows)
    scored: Iterator[pa.RecordBatch]
    if cluster is None:
        scored = (_scored(piece, model, digest) for piece in pieces)
    else:
        scored = _by(cluster, pieces, folder, digest)
    drop = Drop(digest, params.window)
    write_predictions(layout.predictions, drop, (tally.seen(rows) for rows in scored))
    tally.summary(drop).write(layout)
    return f"infer: {tally.messages} messages, {tally.spam} of them spam, by {digest[:12]}"


def _scored(piece: Split, model: Filter, digest: str) -> pa.RecordBatch:
    probabilities = model.score_split(piece)
    return prediction_rows(piece.table, probabilities, model.verdicts(probabilities), model=digest)


def _by(
    cluster: Cluster, pieces: Iterator[Split], folder: Path, digest: str
) -> Iterator[pa.RecordBatch]:
    """Let `cluster` score `pieces`; a piece stays one, for its company may change its last bits."""
    first = next(pieces, None)
    if first is None:
        return iter(())
    files = tuple((name, (folder / name).read_bytes()) for name in (SPECIFICATION, CLASSIFIER))
    work = Scoring(digest, files, first.encoder)
    batches = map(_batch, chain([first], pieces))
    return cluster.mapped(work, batches, doing="infer")


def _batch(piece: Split) -> pa.RecordBatch:
    """Return `piece` as one batch; see `_split`."""
    columns = {name: piece.table.column(name).combine_chunks() for name in _COLUMNS}
    flat = pa.array(piece.embeddings.ravel(), pa.float32())
    embedding = pa.FixedSizeListArray.from_arrays(flat, piece.embeddings.shape[1])
    return pa.RecordBatch.from_pydict({**columns, "embedding": embedding})


def _split(batch: pa.RecordBatch, encoder: str) -> Split:
    embedding: Any = batch.column("embedding")
    matrix = np.asarray(embedding.flatten(), np.float32).reshape(batch.num_rows, -1)
    return Split(pa.Table.from_batches([batch]).select(list(_COLUMNS)), matrix, encoder)
