"""Which days are learned from, held out and scored."""

from __future__ import annotations

import datetime as dt

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT, Count, Day, Days


@dataclass(frozen=True, config=STRICT)
class Window:
    """History is `[start, until)`, its last `holdout_days` the holdout; the batch follows.

    All edges are midnight UTC.
    """

    start: Day
    until: Day
    holdout_days: Days
    batch_from: Day
    batch_to: Day
    # Larger splits are sampled down to this many messages, seeded; null keeps all.
    max_messages: Count | None

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        train_end = self.until - dt.timedelta(days=self.holdout_days)
        if not self.start < train_end:
            raise ValueError(
                f"start {self.start} leaves nothing to train on: the holdout begins {train_end}"
            )
        if not self.batch_from < self.batch_to:
            raise ValueError(f"batch_from {self.batch_from} is not before {self.batch_to}")
        if self.batch_from < self.until:
            raise ValueError(
                f"batch_from {self.batch_from} is before until {self.until}: "
                "the batch would hold messages of the history"
            )
        return self
