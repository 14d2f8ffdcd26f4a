"""The drift reference: a sample of what a model was trained on, which travels with the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from stages.drift.descriptors import describe
from stages.machine.files import DECIMALS
from stages.machine.parquet import write_parquet
from stages.model.tables import Split

# Its name in a model folder.
REFERENCE = "reference.parquet"


def write_reference(path: Path, split: Split, probability: np.ndarray, *, size: int) -> int:
    """Write the newest `size` of the n messages of `split`; return the number of rows.

    The columns: `id`, `received_at`, `label`, `embedding`, `spam_probability`, and the plain
    properties of `stages.drift.descriptors`. The newest, because a window is compared with what
    mail last looked like; without texts, because a reference goes wherever its model goes.

    Args:
        path: of the Parquet file.
        split: the training messages.
        probability: `(n,)` of spam, out of fold: as the model speaks of mail it has not seen.
        size: of the sample, in messages.
    """
    first = max(0, split.table.num_rows - size)
    kept = split.table.select(["id", "received_at", "label"]).slice(first).combine_chunks()
    described = describe(split.column("subject")[first:], split.column("text")[first:])
    vectors = np.ascontiguousarray(split.embeddings[first:])
    embedding = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    table = kept.append_column("embedding", embedding)
    for name, values in {"spam_probability": probability[first:], **described}.items():
        table = table.append_column(name, pa.array(values.round(DECIMALS)))
    table = table.replace_schema_metadata({"encoder": split.encoder})
    return write_parquet(path, table.schema, table.to_batches())
