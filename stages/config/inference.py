"""How the batch is scored."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT, Positive


@dataclass(frozen=True, config=STRICT)
class Inference:
    """How many messages are scored at a time."""

    batch_rows: Positive
