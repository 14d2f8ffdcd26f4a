"""The evaluation report, `data/evaluate/report.json`: candidate and champion on one holdout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    WrapSerializer,
)

from stages.machine.errors import DataError
from stages.records.document import read_document, write_document
from stages.records.holdout import Counts
from stages.records.interval import Interval
from stages.records.layout import Layout


@dataclass(frozen=True)
class ModelReport:
    """What one model achieved on the holdout.

    Attributes:
        model: its digest.
        threshold: the probability from which on its verdict is "spam".
        metrics: by name; in the file they stand beside the other keys.
        saw_holdout: whether it has learned from days of the holdout, which flatters it; None for
            the candidate, which has not.
    """

    model: str
    threshold: float
    metrics: Mapping[str, Interval]
    saw_holdout: Annotated[bool | None, Field(exclude_if=lambda value: value is None)] = None


@dataclass(frozen=True)
class Slice:
    """What the candidate achieved on a part of the holdout.

    Attributes:
        ham: messages labelled ham.
        spam: messages labelled spam.
        metrics: by name; in the file they stand beside the counts.
    """

    ham: int
    spam: int
    metrics: Mapping[str, Interval]


def _gathered(content: Any) -> Any:
    """Gather the intervals of a file's object under `metrics`."""
    if not isinstance(content, dict):
        return content
    metrics = {key: value for key, value in content.items() if isinstance(value, dict)}
    others = {key: value for key, value in content.items() if key not in metrics}
    return {**others, "metrics": metrics}


def _spread(record: object, handler: SerializerFunctionWrapHandler) -> Any:
    """Put the intervals beside the other keys, as the file has them."""
    content = handler(record)
    metrics = content.pop("metrics")
    return {**content, **metrics}


_ModelReport = Annotated[ModelReport, BeforeValidator(_gathered), WrapSerializer(_spread)]
_Slice = Annotated[Slice, BeforeValidator(_gathered), WrapSerializer(_spread)]


@dataclass(frozen=True)
class Report:
    """What evaluate found.

    Attributes:
        confidence: of all intervals, 0-1.
        holdout: how many messages it has.
        candidate: the model under test.
        champion: the model that it would replace; None where there is none.
        difference: candidate minus champion by metric, a paired interval; None without a champion.
        slices: the parts of the holdout with enough of both classes, by name.
    """

    confidence: float
    holdout: Counts
    candidate: _ModelReport
    champion: _ModelReport | None
    difference: Mapping[str, Interval] | None
    slices: Mapping[str, _Slice]

    def write(self, layout: Layout) -> None:
        """Write `layout.evaluation`, rounded, whole or not at all."""
        write_document(_REPORT, layout.evaluation, self)

    @classmethod
    def read(cls, layout: Layout) -> Report:
        """Return the report on the last candidate.

        Raises:
            DataError: there is none, or the file is not one.
        """
        return read_document(
            _REPORT,
            layout.evaluation,
            error=DataError,
            expected="the report that the evaluate stage writes",
            fix="dvc repro evaluate",
        )


_REPORT = TypeAdapter(Report)
