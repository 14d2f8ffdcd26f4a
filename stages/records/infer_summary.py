"""Counts over the batch's predictions, `data/infer/summary.json`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, TypeAdapter

from stages.machine.errors import DataError
from stages.records.document import Digest, read_document, write_document
from stages.records.layout import Layout


@dataclass(frozen=True)
class WindowEdges:
    """The window whose mail was scored: from one midnight UTC on, until before another.

    Attributes:
        start: its first day; `from` in the file.
        end: the day after its last; `to` in the file.
    """

    start: Annotated[dt.date, Field(alias="from")]
    end: Annotated[dt.date, Field(alias="to")]


@dataclass(frozen=True)
class InferSummary:
    """What one run of inference came to.

    Attributes:
        model: the digest of the model in production.
        window: what was scored.
        messages: how many.
        spam: how many of them were called spam.
        spam_share: that share, 0-1; None without messages.
        mean_probability: of spam, 0-1; None without messages.
        histogram: messages in ten equal bins of the probability, 0 to 1.
    """

    model: Digest
    window: WindowEdges
    messages: int
    spam: int
    spam_share: float | None
    mean_probability: float | None
    histogram: tuple[int, ...]

    def write(self, layout: Layout) -> None:
        """Write `layout.infer_summary`, rounded, whole or not at all."""
        write_document(_SUMMARY, layout.infer_summary, self)

    @classmethod
    def read(cls, layout: Layout) -> InferSummary:
        """Return what the last run of inference came to.

        Raises:
            DataError: there is no summary, or the file is not one.
        """
        return read_document(
            _SUMMARY,
            layout.infer_summary,
            error=DataError,
            expected="the summary that the infer stage writes",
            fix="make run",
        )


_SUMMARY = TypeAdapter(InferSummary)
