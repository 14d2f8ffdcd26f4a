"""What a replay found, as its files have it: `results.json` and `compute.json`."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    WrapSerializer,
)

from stages.loop.guards import Action
from stages.machine.errors import DataError
from stages.model.metrics import F1, ONE_MINUS_AUC, RECALL_AT_1
from stages.records.decision import Decision, in_words
from stages.records.document import read_document, write_document
from stages.records.interval import Interval
from stages.replay.record import Retraining
from stages.replay.schedule import Policy

# A window without mail has no verdict.
NO_MAIL: Final = "no_mail"
# What windows and totals are measured by.
METRICS = (ONE_MINUS_AUC, RECALL_AT_1, F1)


@dataclass(frozen=True)
class Confusion:
    """The labelled messages, and the verdicts on them that were wrong.

    Attributes:
        ham: messages labelled ham.
        spam: messages labelled spam.
        ham_lost: ham that was called spam.
        spam_missed: spam that was called ham.
    """

    ham: int
    spam: int
    ham_lost: int
    spam_missed: int


@dataclass(frozen=True)
class LivedWindow:
    """One window under one policy; in the file, counts and metrics stand beside the other keys.

    Attributes:
        start: its first day.
        end: the day after its last.
        messages: all of them, labelled or not.
        model: the first characters of the digest of the model that scored it; None without mail.
        decision: of the verdict.
        action: what the guards say of it.
        retraining: None where the policy did not retrain.
        log_loss: nats a message, as the verdict says it; None where it has none.
        log_loss_rise_low: the lower end of its rise, as the verdict says it.
        confusion: None without mail.
        metrics: by name, each None where a class is missing; empty without mail.
    """

    start: Annotated[dt.date, Field(alias="from")]
    end: Annotated[dt.date, Field(alias="to")]
    messages: int
    model: str | None
    decision: Decision | Literal["no_mail"]
    action: Action
    retraining: Retraining | None
    log_loss: float | None
    log_loss_rise_low: float | None
    confusion: Confusion | None
    metrics: Mapping[str, float | None]

    @property
    def words(self) -> str:
        """The decision in a word or three: `no mail`."""
        return in_words(self.decision)


@dataclass(frozen=True)
class Total:
    """All windows under one policy; in the file, counts and metrics stand beside the other keys.

    Attributes:
        confusion: of all labelled messages.
        promoted: how many retrainings the gate accepted.
        refused: how many came to nothing.
        metrics: over all labelled messages at once, by name.
        against_never: minus those of the policy that never retrains, a paired interval; None where
            that policy was not replayed.
    """

    confusion: Confusion
    promoted: int
    refused: int
    metrics: Mapping[str, Interval]
    against_never: Mapping[str, Interval] | None


_CONFUSION = tuple(field.name for field in dataclasses.fields(Confusion))
_METRICS = tuple(metric.name for metric in METRICS)


def _gathered(content: Any) -> Any:
    """Gather counts and metrics of a file's object under `confusion` and `metrics`."""
    if not isinstance(content, dict):
        return content
    parts = {"confusion": _CONFUSION, "metrics": _METRICS}
    found = {
        part: {name: content[name] for name in names if name in content}
        for part, names in parts.items()
    }
    others = {key: value for key, value in content.items() if key not in (*_CONFUSION, *_METRICS)}
    return {**others, **found, "confusion": found["confusion"] or None}


def _spread(record: object, handler: SerializerFunctionWrapHandler) -> Any:
    """Put counts and metrics beside the other keys, as the file has them."""
    content = handler(record)
    confusion, metrics = content.pop("confusion"), content.pop("metrics")
    return {**content, **(confusion or {}), **metrics}


_LivedWindow = Annotated[LivedWindow, BeforeValidator(_gathered), WrapSerializer(_spread)]
_Total = Annotated[Total, BeforeValidator(_gathered), WrapSerializer(_spread)]


@dataclass(frozen=True)
class Outcome:
    """What one policy came to.

    Attributes:
        windows: one after the other, the same ones for each policy of a replay.
        total: over all of them.
    """

    windows: Sequence[_LivedWindow]
    total: _Total


@dataclass(frozen=True)
class Seconds:
    """What one policy took, which differs from run to run.

    Attributes:
        scoring: CPU seconds of fetching, scoring and judging all windows.
        retraining: CPU seconds of fetching, training and evaluating.
    """

    scoring: Annotated[float, Field(alias="scoring_cpu_seconds")]
    retraining: Annotated[float, Field(alias="retraining_cpu_seconds")]


Outcomes = Mapping[Policy, Outcome]
Compute = Mapping[Policy, Seconds]
_OUTCOMES: TypeAdapter[Outcomes] = TypeAdapter(Outcomes)
_COMPUTE: TypeAdapter[Compute] = TypeAdapter(Compute)


def write_outcomes(path: Path, outcomes: Outcomes) -> None:
    """Write `outcomes` to `path`, rounded: the same bytes each time, whole or not at all."""
    write_document(_OUTCOMES, path, outcomes)


def read_outcomes(path: Path) -> Outcomes:
    """Return what each policy came to.

    Raises:
        DataError: there is no such file, or it is not the results of a replay.
    """
    return read_document(
        _OUTCOMES,
        path,
        error=DataError,
        expected="the results that a replay writes",
        fix="make replay",
    )


def write_compute(path: Path, compute: Compute) -> None:
    """Write `compute` to `path`, whole or not at all."""
    write_document(_COMPUTE, path, compute)
