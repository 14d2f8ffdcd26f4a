"""The embed stage: each message of one split gets its sentence embedding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from stages import config
from stages.machine.console import track
from stages.machine.parquet import parquet_head, read_parquet, write_parquet
from stages.model.cached_encoder import CachedEncoder, cached_encoder
from stages.model.space import fingerprint, message_text
from stages.records.layout import Layout

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


def run(params: EmbedParams, layout: Layout, split: str) -> str:
    """Write `data/embed/<split>.parquet`: the rows of `data/fetch/<split>.parquet`, in order."""
    source = layout.messages(split)
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
    import numpy as np

    total = parquet_head(source, fix=_FIX).num_rows
    bar = track(range(total), doing=f"embed {split}", total=total)
    for batch in read_parquet(source, _MAIL, fix=_FIX, rows=BATCH_ROWS):
        rows = batch.to_pylist()
        texts = (message_text(row["subject"], row["text"]) for row in rows)
        vectors = [vector for vector, _ in zip(encoder.encode(texts), bar, strict=False)]
        flat = pa.array(np.concatenate(vectors), pa.float32())
        embedding = pa.FixedSizeListArray.from_arrays(
            flat, schema.field("embedding").type.list_size
        )
        yield pa.record_batch([batch.column("id"), embedding], schema=schema)
