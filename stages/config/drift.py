"""When mail counts as changed: `conf/drift/`."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT, Percent

# How many statistics vote: those of `stages/drift/statistics`, which this room may not import.
VOTERS = 3


@dataclass(frozen=True, config=STRICT)
class Drift:
    """The calibrated vote of the statistics, and what makes a change matter."""

    # With fewer messages the verdict is "not_enough_mail".
    min_window: Annotated[int, Field(ge=2, le=1_000_000)]
    # Exact for each window, or from the reference alone and kept between runs.
    null_distribution: Literal["permutation", "reference"]
    # As many as the lowest false-alarm rate needs: 1.5 GB for 4,000 messages.
    permutations: Annotated[int, Field(ge=200, le=30_000)]
    # The vote's, on one window without drift; a fraction. The lowest: one in 27 years of days.
    false_alarm_rate: Annotated[float, Field(ge=1e-4, lt=0.5)]
    # How many of the statistics must vote for drift.
    quorum: Annotated[int, Field(ge=1, le=VOTERS)]
    # A change matters when it exceeds this multiple of the usual difference between windows of the
    # reference, or when it hurts the model. A ratio of squared distances: 4 is twice as far.
    effect_floor: Annotated[float, Field(ge=1, le=1e6)]
    # With at least 1 / unusual_rate - 1 windows in the reference, a change matters when only this
    # fraction of them differs as much, and effect_floor is not used.
    unusual_rate: Annotated[float, Field(ge=1e-4, lt=0.5)]
    # The model is hurt when its log loss is surely above the holdout's by more; nats a message.
    max_log_loss_rise: Annotated[float, Field(ge=0, le=100)]
    # Until labels arrive: estimated wrong verdicts above the reference's, in percentage points.
    max_estimated_rise_percent: Percent

    @model_validator(mode="after")
    def _can_fire(self) -> Drift:
        # Up to VOTERS // quorum labellings may each hold the largest values of a quorum; fewer than
        # three would leave the threshold to a single labelling.
        needed = math.ceil(max(3, VOTERS // self.quorum) / self.false_alarm_rate)
        if self.permutations < needed:
            raise ValueError(
                f"{self.permutations} permutations are too few for a false-alarm rate of "
                f"{self.false_alarm_rate:g}: at least {needed} are needed"
            )
        return self
