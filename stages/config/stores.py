"""Where results are kept besides this machine's disk: `conf/stores/`.

An address that needs a user name or a password belongs into the environment: see `credentials`.

No stage of `dvc.yaml` declares these addresses: moving a store changes no result, so it re-runs
nothing.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT


@dataclass(frozen=True, config=STRICT)
class Stores:
    """Addresses; the environment's variable wins over each, and null is this machine's disk."""

    # An MLflow server or a database; MLFLOW_TRACKING_URI wins.
    registry: Annotated[str, Field(pattern=r"[:/.]|^databricks")] | None
    # Where predictions are copied to; null for nowhere. SPAMLINE_PREDICTIONS_URL wins.
    predictions: Annotated[str, Field(pattern=r"^s3://[^/]+")] | None
    # The database of the monitoring history; SPAMLINE_HISTORY_URL wins.
    history: Annotated[str, Field(pattern=r"^(sqlite|postgresql)(\+[a-z0-9_]+)?:")] | None
    # A folder or s3://bucket/prefix for all verdict files; SPAMLINE_VERDICTS_URL wins.
    verdicts: str | None
