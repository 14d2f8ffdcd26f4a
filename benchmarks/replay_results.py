"""What `benchmarks.replay` measures, as its two files have it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from stages.machine.errors import DataError
from stages.records.decision import Decision
from stages.records.document import read_document, write_document
from stages.replay.outcome import Compute, Outcomes

RESULT = Path(__file__).with_name("replay.json")
COMPUTE = RESULT.with_name("replay_compute.json")
FIX = "python -m benchmarks.replay"


@dataclass(frozen=True)
class Noticed:
    """When the verdict noticed a planted change, and what it said window by window.

    Attributes:
        order: as the plant has it.
        kind: as the plant has it.
        share: as the plant has it.
        day: the first one with the change in it.
        decisions: of the verdicts.
        losses: (1-AUC)%; None where a class is missing.
        log_loss_rises_low: the lower end of the log loss' rise; None where it is unknown.
        retrainings_before: how many there were before the day.
        delay: in windows, from the change to drift; 0 is the first window with the change in it,
            and None says that there was none.
        windows_before: how many end by the day.
        windows_after: how many begin on the day or later.
    """

    order: str
    kind: str
    share: float
    day: dt.date
    decisions: Sequence[Decision | Literal["no_mail"]]
    losses: Sequence[float | None]
    log_loss_rises_low: Sequence[float | None]
    retrainings_before: int
    delay: int | None
    windows_before: int
    windows_after: int


@dataclass(frozen=True)
class FalseHarms:
    """How often a harm is false on the mail that one first model scored throughout.

    Attributes:
        start: the day from which on it scored.
        log_loss: nats a message, on all of it.
        window: messages of a draw.
        draws: how many had enough messages of each class.
        hurt: how many of them were called a harm.
    """

    start: Annotated[dt.date, Field(alias="from")]
    log_loss: float
    window: int
    draws: int
    hurt: int


@dataclass(frozen=True)
class ReplayResults:
    """All but the seconds: the same bytes each time.

    Attributes:
        policies: what they came to.
        later: the same with a later start.
        planted: streams with a change on a known day.
        false_harms: by first model and size of a window.
    """

    policies: Outcomes
    later: Outcomes
    planted: Sequence[Noticed]
    false_harms: Sequence[FalseHarms]

    def write(self, path: Path = RESULT) -> None:
        """Write the results, rounded, whole or not at all."""
        write_document(_RESULTS, path, self)

    @classmethod
    def read(cls, path: Path = RESULT) -> ReplayResults:
        """Return the measured results.

        Raises:
            DataError: there are none, or the file holds something else.
        """
        return read_document(
            _RESULTS, path, error=DataError, expected="the results of the replay", fix=FIX
        )


@dataclass(frozen=True)
class ReplayCosts:
    """The seconds, which differ from run to run.

    Attributes:
        machine: on which they were measured.
        policies: what they took.
        later: the same with a later start.
    """

    machine: dict[str, Any]
    policies: Compute
    later: Compute

    def write(self, path: Path = COMPUTE) -> None:
        """Write the seconds, whole or not at all."""
        write_document(_COSTS, path, self)

    @classmethod
    def read(cls, path: Path = COMPUTE) -> ReplayCosts:
        """Return the measured seconds.

        Raises:
            DataError: there are none, or the file holds something else.
        """
        return read_document(
            _COSTS, path, error=DataError, expected="the seconds of the replay", fix=FIX
        )


_RESULTS = TypeAdapter(ReplayResults)
_COSTS = TypeAdapter(ReplayCosts)
