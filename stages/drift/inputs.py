"""What a window is compared with: the champion's reference, which travels with its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stages.drift.sample import Sample
from stages.machine.errors import DataError
from stages.machine.parquet import ANY_SIZE, parquet_head, read_table

Columns = Mapping[str, NDArray[np.float64]]


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
    if not np.isfinite(vectors).all():
        # Comparisons with NaN are false: it would read as "no drift".
        raise DataError(
            f"{path} holds embeddings that are not finite",
            expected="finite numbers",
            fix="dvc repro embed --force",
        )
    return Reference(
        sample=sample_of(table, vectors),
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


def check_same_encoder(encoder: str, reference: Reference) -> None:
    """Fail where the embeddings cannot be compared.

    Raises:
        DataError: they are of two encoders.
    """
    if encoder != reference.encoder:
        raise DataError(
            f"the window's embeddings are of the encoder {encoder[:24]!r}",
            expected=f"{reference.encoder[:24]!r}, as in the production model's reference",
            fix="set the encoder group in conf/ to the production model's, or promote a model "
            "of the new encoder",
        )


def sample_of(table: pa.Table, vectors: NDArray[np.float32]) -> Sample:
    """Return the messages of `table`, n rows, whose embeddings are (n, dim) `vectors`."""
    return Sample(
        ids=np.asarray(table.column("id").to_pylist(), dtype=np.str_),
        received_at=table.column("received_at").to_numpy().astype("datetime64[us]"),
        embeddings=vectors,
    )
