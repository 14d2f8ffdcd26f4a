"""Predictions of one model for one window."""

import datetime as dt

import numpy as np
import pyarrow as pa

from stages import config
from stages.records.predictions import Drop, prediction_rows

START = dt.datetime(2002, 9, 2, tzinfo=dt.UTC)
DROP = Drop(
    "a" * 64,
    config.Window(
        start=dt.date(2002, 7, 1),
        until=dt.date(2002, 9, 1),
        holdout_days=14,
        batch_from=dt.date(2002, 9, 2),
        batch_to=dt.date(2002, 9, 9),
        max_messages=None,
    ),
)


def rows(*hours: int, text: str = "id") -> pa.RecordBatch:
    """Predictions for messages received so many hours after `START`; `text` begins their ids."""
    table = pa.table(
        {
            "id": [f"{text}-{hour}" for hour in hours],
            "received_at": pa.array(
                [START + dt.timedelta(hours=hour) for hour in hours], pa.timestamp("us", tz="UTC")
            ),
        }
    )
    probabilities = np.linspace(0.1, 0.9, len(hours))
    verdicts = ["spam" if p > 0.5 else "ham" for p in probabilities]
    return prediction_rows(table, probabilities, verdicts, model=DROP.model)


def stores(**addresses: str) -> config.Stores:
    """Everything on this machine, but for `addresses`."""
    nowhere = dict.fromkeys(("registry", "predictions", "history", "verdicts"))
    return config.Stores(**{**nowhere, **addresses})
