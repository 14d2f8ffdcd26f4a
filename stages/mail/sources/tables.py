"""Mail in tables, without headers: a window of its rows, and a clock where it has no dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import pyarrow as pa

from stages import config
from stages.machine.errors import SourceError
from stages.mail.message import batched, content_id
from stages.mail.sources import Survey
from stages.mail.sources.counting import Met
from stages.mail.sources.identity import check_distinct
from stages.mail.sources.mapping import Mapping
from stages.mail.sources.rows import Place, Row

_DAY = dt.timedelta(days=1)


class SeededClock:
    """A clock for a source without dates: messages in a seeded order, a fixed number a day.

    Args:
        clock: the first day, and messages a day.
        messages: how many messages the source holds.
        seed: of the order.
    """

    def __init__(self, clock: config.Clock, messages: int, *, seed: int) -> None:
        import numpy as np

        self._start = dt.datetime.combine(clock.start, dt.time(), dt.UTC)
        self._per_day = clock.messages_per_day
        self._ranks = np.random.default_rng(seed).permutation(messages)
        try:
            self.span()
        except OverflowError:
            raise SourceError(
                f"{messages} messages at {self._per_day} a day from {clock.start} lead beyond the "
                "calendar",
                expected="more messages a day",
                fix="edit source.clock in conf/source/ and run `make params`",
            ) from None

    def __len__(self) -> int:
        return len(self._ranks)

    def __getitem__(self, position: int) -> dt.datetime:
        """Return the date of the message at `position` in the source."""
        return self._at(int(self._ranks[position]))

    def span(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        """Return the first and the last date."""
        messages = len(self._ranks)
        return (self._at(0), self._at(messages - 1)) if messages else (None, None)

    def _at(self, rank: int) -> dt.datetime:
        return self._start + rank * _DAY // self._per_day


# Yields (source, row) with the columns that it is asked for, always in the same order.
Reader = Callable[[list[str]], Iterator[tuple[str, Row]]]


class TableMail:
    """Messages in rows of a table, dated by a column or else by a seeded clock.

    Args:
        mapping: which column holds what.
        clock: needed where no column holds a date.
        seed: of the clock's order.
        read: the reader of the rows.
    """

    def __init__(
        self, mapping: Mapping, clock: config.Clock | None, *, seed: int, read: Reader
    ) -> None:
        self._mapping, self._clock, self._seed, self._read = mapping, clock, seed, read

    @cached_property
    def survey(self) -> Survey:
        """What the table holds; one pass over one column, and two over ids where it has them."""
        if "id" in self._mapping.fields:
            check_distinct(self._ids, self._mapping.conf)
        if self._ticks is not None:
            return Survey(len(self._ticks), 0, *self._ticks.span())
        messages, first, last, undated = 0, None, None, 0
        for _, row in self._read([self._mapping.fields["received_at"]]):
            date = self._mapping.date(row)
            messages += 1
            if date is None:
                undated += 1
                continue
            first = date if first is None else min(first, date)
            last = date if last is None else max(last, date)
        return Survey(messages, undated, first, last)

    def batches(self, start: dt.datetime, end: dt.datetime) -> Iterator[pa.RecordBatch]:
        """Yield the messages dated in `[start, end)` as batches of `MESSAGE_SCHEMA`."""
        return batched(self._messages(start, end))

    def _messages(self, start: dt.datetime, end: dt.datetime) -> Iterator[dict[str, Any]]:
        columns = sorted(set(self._mapping.fields.values()))
        # Rows that say the same at the same time are messages of their own. They are in one window,
        # whichever it is, so that counting them there gives each the same id each time.
        with Met() as met:
            for position, (source, row) in enumerate(self._read(columns)):
                ticks = self._ticks
                date = ticks[position] if ticks is not None else self._mapping.date(row)
                if date is None or not start <= date < end:
                    self._mapping.validate(row)
                    continue
                message = self._mapping.message(row, source) | {"received_at": date}
                # A clock's dates move when messages are added to the source; their positions don't.
                moment = date.isoformat() if ticks is None else str(position)
                yield message | {"id": self._id(row, message, moment, met)}

    def _id(self, row: Row, message: dict[str, Any], moment: str, met: Met) -> str:
        if "id" in self._mapping.fields:
            return self._mapping.id(row)
        parts = (message["source"], moment, message["subject"], message["text"])
        first = content_id(*parts)
        times = met.count(first)
        return first if times == 1 else content_id(*parts, str(times))

    def _ids(self) -> Iterator[tuple[str, Place]]:
        for _, row in self._read([self._mapping.fields["id"]]):
            yield self._mapping.id(row), row.place

    @cached_property
    def _ticks(self) -> SeededClock | None:
        """The clock, which must know how many messages there are; None where they have dates."""
        if "received_at" in self._mapping.fields:
            return None
        if self._clock is None:
            raise SourceError(
                "source.columns.received_at and source.clock are both null",
                expected="one of them, so that messages have an order in time",
                fix=f"set one in {self._mapping.conf} and run `make params`",
            )
        messages = sum(1 for _ in self._read([self._mapping.fields["text"]]))
        return SeededClock(self._clock, messages, seed=self._seed)
