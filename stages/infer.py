"""The infer stage: the production model scores the batch."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from stages import config
from stages.model.cached_encoder import load_cached
from stages.model.filter import Filter
from stages.model.tables import Split, iter_split
from stages.records.layout import Layout
from stages.records.pointer import in_production
from stages.records.predictions import Drop, Tally, prediction_rows, write_predictions
from stages.registry.shelf import Shelf


@dataclass(frozen=True)
class InferParams:
    """The sections of `params.yaml` that this stage reads."""

    window: config.Window
    inference: config.Inference


def run(params: InferParams, layout: Layout, models: Shelf) -> str:
    """Write `data/infer/predictions/` and `summary.json`; return a line on them.

    Raises:
        RegistryError: there is no production model, or it is not available.
        DataError: messages and embeddings are not of the same mail.
    """
    digest, _ = in_production(layout)
    model = Filter.load(models.obtain(digest), load_cached)
    tally = Tally()
    mail, embeddings = layout.messages("batch"), layout.embeddings("batch")
    pieces = iter_split(mail, embeddings, rows=params.inference.batch_rows)
    rows = (tally.seen(_scored(piece, model, digest)) for piece in pieces)
    drop = Drop(digest, params.window)
    write_predictions(layout.predictions, drop, rows)
    tally.summary(drop).write(layout)
    return f"infer: {tally.messages} messages, {tally.spam} of them spam, by {digest[:12]}"


def _scored(piece: Split, model: Filter, digest: str) -> pa.RecordBatch:
    probabilities = model.score_split(piece)
    return prediction_rows(piece.table, probabilities, model.verdicts(probabilities), model=digest)
