"""When drift leads to a retraining."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT

# Of windows that are looked back at: all kept verdicts of three years of days.
_Windows = Annotated[int, Field(ge=1, le=1_000)]


@dataclass(frozen=True, config=STRICT)
class Guards:
    """What keeps verdicts of drift from retraining too often."""

    # Retrain when at least `confirm_windows` of the last `confirm_of` windows drift.
    confirm_windows: _Windows
    confirm_of: _Windows
    # The least time between two retrainings, from the end of one window to that of the other.
    cool_down_days: Annotated[int, Field(ge=0, le=36_525)]

    @model_validator(mode="after")
    def _possible(self) -> Guards:
        if self.confirm_windows > self.confirm_of:
            raise ValueError(
                f"confirm_windows {self.confirm_windows} is above confirm_of {self.confirm_of}: "
                "no drift would ever be confirmed"
            )
        return self
