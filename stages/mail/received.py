"""When a mail arrived: what the receiving server wrote, not what the sender claims."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from stages.mail.headers import MAX_VALUE_CHARS, Headers, values


@dataclass(frozen=True)
class DateRange:
    """The dates that a mail of some source can have: `earliest <= date < latest`, both UTC."""

    earliest: dt.datetime
    latest: dt.datetime


# From the month of RFC 822 on; the end only keeps out what no archive can hold. A source knows
# its own range better: nothing here may ask the clock.
ANY_MAIL = DateRange(dt.datetime(1982, 8, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))


def received_at(headers: Headers, dates: DateRange) -> dt.datetime | None:
    """Return the date of the topmost plausible `Received` line, else of `Date`, else None, in UTC.

    The topmost line is the receiving server's own; those below and `Date` are the sender's word,
    and wrong by more than a day for an eighth of the SpamAssassin corpus.
    """
    lines = [value.rpartition(";")[2] for value in values(headers, "Received")]
    for text in lines + values(headers, "Date"):
        date = _date(text[:MAX_VALUE_CHARS])
        if date is not None and dates.earliest <= date < dates.latest:
            return date
    return None


def _date(text: str) -> dt.datetime | None:
    """Return the RFC 5322 date `text` in UTC; without a zone it counts as UTC."""
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:
            date = date.replace(tzinfo=dt.UTC)
        return date.astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
