"""The infer stage: the production model scores the batch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from stages import config
from stages.machine.console import say
from stages.machine.files import write_json
from stages.model.filter import Filter
from stages.model.tables import Split, iter_split
from stages.records.pointer import in_production
from stages.registry.filling import fill_and_obtain
from stages.registry.mlflow.connect import open_registry
from stages.stores.delivery import deliver, predictions_url
from stages.stores.predictions import Drop, Tally, prediction_rows, write_predictions

MAIL, EMBEDDINGS = Path("data/fetch/batch.parquet"), Path("data/embed/batch.parquet")
PREDICTIONS, SUMMARY = Path("data/infer/predictions"), Path("data/infer/summary.json")


@dataclass(frozen=True)
class InferParams:
    """The sections of `params.yaml` that this stage reads."""

    window: config.Window
    registry: config.Registry
    inference: config.Inference


def run(params: InferParams) -> None:
    """Write `data/infer/predictions/` and `summary.json`, then copy the predictions to S3 if asked.

    Raises:
        RegistryError: there is no production model, or it is not to be had.
        DataError: messages and embeddings are not of the same mail.
        StoreError: S3 cannot be reached or refuses; the predictions are written here.
    """
    url = predictions_url(config.load().stores.predictions)
    digest, _ = in_production()
    scored = predict(digest, fill_and_obtain(open_registry(params.registry), digest), params)
    drop = Drop(digest, params.window)
    delivery = url and deliver(PREDICTIONS, drop, url, then="dvc repro infer")
    say(f"{scored}; {delivery}" if delivery else scored)


def predict(digest: str, folder: Path, params: InferParams) -> str:
    """Write what the model `digest` in `folder` says of the batch; return a line on it."""
    model = Filter.load(folder)
    tally = Tally()
    pieces = iter_split(MAIL, EMBEDDINGS, rows=params.inference.batch_rows)
    rows = (tally.seen(_scored(piece, model, digest)) for piece in pieces)
    drop = Drop(digest, params.window)
    write_predictions(PREDICTIONS, drop, rows)
    write_json(SUMMARY, {"model": digest, "window": drop.edges(), **tally.summary()})
    return f"infer: {tally.messages} messages, {tally.spam} of them spam, by {digest[:12]}"


def _scored(piece: Split, model: Filter, digest: str) -> pa.RecordBatch:
    probabilities = model.score_split(piece)
    return prediction_rows(piece.table, probabilities, model.verdicts(probabilities), model=digest)
