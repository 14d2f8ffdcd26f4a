"""The embed stage: each message of one split gets its sentence embedding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from stages import config
from stages.machine.console import track
from stages.machine.parquet import parquet_head, read_parquet, write_parquet
from stages.model.cached_encoder import CachedEncoder, byte_space, cached_encoder
from stages.model.encoder import load_encoder
from stages.model.space import fingerprint, message_text
from stages.records.layout import Layout

if TYPE_CHECKING:
    import numpy as np

    from stages.compute import Cluster

BATCH_ROWS = 256
_FIX = "run `dvc repro fetch`"
_MAIL = pa.schema(
    [pa.field(name, pa.string(), nullable=False) for name in ("id", "subject", "text")]
)


@dataclass(frozen=True)
class EmbedParams:
    """The sections of `params.yaml` that this stage reads."""

    encoder: config.Encoder


def schema(encoder: config.Encoder) -> pa.Schema:
    """Return the schema of an embeddings file: `id`, `embedding (dim,) float32`."""
    columns = [
        pa.field("id", pa.string(), nullable=False),
        pa.field("embedding", pa.list_(pa.float32(), encoder.dim), nullable=False),
    ]
    return pa.schema(columns, metadata={"encoder": fingerprint(encoder)})


@dataclass(frozen=True)
class Encoding:
    """What a cluster does: each batch of messages gets its embeddings; see `Work`."""

    encoder: config.Encoder

    @property
    def identity(self) -> str:
        """See `Work`."""
        return byte_space(self.encoder)

    def start(self) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        """See `Work`; a node gives each worker one core."""
        loaded, columns = load_encoder(self.encoder, workers=1), schema(self.encoder)
        return lambda batch: _rows(batch, list(loaded.encode(_texts(batch))), columns)


def run(params: EmbedParams, layout: Layout, split: str, *, cluster: Cluster | None = None) -> str:
    """Write `data/embed/<split>.parquet`: the rows of `data/fetch/<split>.parquet`, in order.

    Args:
        params: what this stage reads.
        layout: the project.
        split: the messages.
        cluster: who encodes, without this machine's cache; by default this machine.
    """
    source = layout.messages(split)
    if cluster is not None:
        mail = read_parquet(source, _MAIL, fix=_FIX, rows=BATCH_ROWS)
        batches = cluster.mapped(Encoding(params.encoder), mail, doing=f"embed {split}")
        rows = write_parquet(layout.embeddings(split), schema(params.encoder), batches)
        return f"embed {split}: {rows} messages in {params.encoder.dim} dimensions, by the cluster"
    with cached_encoder(params.encoder) as encoder:
        batches = _embedded(source, encoder, schema(params.encoder), split)
        rows = write_parquet(layout.embeddings(split), schema(params.encoder), batches)
    return (
        f"embed {split}: {rows} messages in {params.encoder.dim} dimensions, "
        f"{encoder.found} of them from the cache"
    )


def _embedded(
    source: Path, encoder: CachedEncoder, schema: pa.Schema, split: str
) -> Iterator[pa.RecordBatch]:
    total = parquet_head(source, fix=_FIX).num_rows
    bar = track(range(total), doing=f"embed {split}", total=total)
    for batch in read_parquet(source, _MAIL, fix=_FIX, rows=BATCH_ROWS):
        encoded = encoder.encode(_texts(batch))
        yield _rows(batch, [vector for vector, _ in zip(encoded, bar, strict=False)], schema)


def _texts(batch: pa.RecordBatch) -> Iterator[str]:
    rows = batch.to_pylist()
    return (message_text(row["subject"], row["text"]) for row in rows)


def _rows(batch: pa.RecordBatch, vectors: list[np.ndarray], schema: pa.Schema) -> pa.RecordBatch:
    import numpy as np

    # Not `pa.array`, which imports pandas.
    flat = np.concatenate(vectors, dtype=np.float32)
    numbers = pa.Array.from_buffers(pa.float32(), flat.size, [None, pa.py_buffer(flat.tobytes())])
    size = schema.field("embedding").type.list_size
    embedding = pa.FixedSizeListArray.from_arrays(numbers, size)
    return pa.record_batch([batch.column("id"), embedding], schema=schema)
