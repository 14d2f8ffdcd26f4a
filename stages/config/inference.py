"""How the batch is scored."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT


@dataclass(frozen=True, config=STRICT)
class Inference:
    """How many messages are scored at a time."""

    # Their texts and vectors are in memory: some 100 MB a 10,000.
    batch_rows: Annotated[int, Field(ge=1, le=100_000)]
