"""What went into the splits, `data/fetch/summary.json`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import PlainSerializer, TypeAdapter

from stages.machine.errors import DataError
from stages.records.contradictions import Contradictions
from stages.records.document import read_document, write_document
from stages.records.layout import Layout

# Written as `isoformat` writes it: with +00:00 where pydantic has a "Z".
_Moment = Annotated[dt.datetime, PlainSerializer(dt.datetime.isoformat)]


@dataclass(frozen=True)
class SourceSummary:
    """The mail as its source has it, before anything is cut or left out.

    Attributes:
        kind: of the source.
        description: which source, for people.
        messages: how many it holds.
        first: when its oldest dated message was received; None where none has a date.
        last: the same of its newest.
    """

    kind: str
    description: str
    messages: int
    first: _Moment | None
    last: _Moment | None


@dataclass(frozen=True)
class SplitSummary:
    """What one split holds.

    Attributes:
        messages: how many.
        ham: how many of them are labelled ham.
        spam: how many of them are labelled spam.
        unlabelled: how many of them have no label.
        groups: how many would be left without near copies.
        start: the midnight from which on its mail was received.
        end: the midnight before which it was.
        first: when its oldest message was received; None where there is none.
        last: the same of its newest.
        sha256: of its file.
    """

    messages: int
    ham: int
    spam: int
    unlabelled: int
    groups: int
    start: _Moment
    end: _Moment
    first: _Moment | None
    last: _Moment | None
    sha256: str

    @property
    def days(self) -> str:
        """The days of its mail: `2002-07-09 to 2002-08-03`; empty where there is none."""
        return f"{self.first:%Y-%m-%d} to {self.last:%Y-%m-%d}" if self.first else ""


@dataclass(frozen=True)
class FetchSummary:
    """What fetch found, and what it made of it.

    Attributes:
        source: where the mail comes from.
        splits: by name.
        dropped: how many messages were left out, by reason.
        contradictions: texts that were labelled both ham and spam.
    """

    source: SourceSummary
    splits: Mapping[str, SplitSummary]
    dropped: Mapping[str, int]
    contradictions: Contradictions = field(default_factory=Contradictions)

    def write(self, layout: Layout) -> None:
        """Write `layout.fetch_summary`, whole or not at all."""
        write_document(_SUMMARY, layout.fetch_summary, self)

    @classmethod
    def read(cls, layout: Layout) -> FetchSummary:
        """Return what the last fetch found.

        Raises:
            DataError: there is no summary, or the file is not one.
        """
        return read_document(
            _SUMMARY,
            layout.fetch_summary,
            error=DataError,
            expected="the summary that the fetch stage writes",
            fix="make run",
        )


_SUMMARY = TypeAdapter(FetchSummary)
