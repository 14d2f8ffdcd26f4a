"""When a mail arrived: what the receiving server wrote, not what the sender claims."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from stages.mail.headers import Headers, values
from stages.mail.structured import MAX_VALUE_CHARS, without_comments


@dataclass(frozen=True)
class DateRange:
    """The dates that a mail of some source can have: `earliest <= date < latest`, both UTC."""

    earliest: dt.datetime
    latest: dt.datetime


# From the month of RFC 822 on; the end only keeps out what no archive can hold. A source knows
# its own range better: nothing here may ask the clock.
ANY_MAIL = DateRange(dt.datetime(1982, 8, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))

# The standard library knows the zones of RFC 5322; these are others that servers write and that
# mean one offset (not IST: India, Ireland or Israel).
_ZONES = {
    "GMT": "+0000", "UTC": "+0000", "WET": "+0000", "WEST": "+0100", "BST": "+0100",
    "CET": "+0100", "MET": "+0100", "MEZ": "+0100", "CEST": "+0200", "MEST": "+0200",
    "MESZ": "+0200", "EET": "+0200", "EEST": "+0300", "SAST": "+0200", "MSK": "+0300",
    "MSD": "+0400", "SGT": "+0800", "HKT": "+0800", "AWST": "+0800", "JST": "+0900",
    "KST": "+0900", "AEST": "+1000", "AEDT": "+1100", "NZST": "+1200", "NZDT": "+1300",
    "BRT": "-0300", "AKDT": "-0800", "AKST": "-0900", "HST": "-1000", "Z": "+0000",
}  # fmt: skip
_ZONE = re.compile(r"(?:\b[A-Za-z]{3,4}|(?<=\d)Z)(?=\Z| \d{4}\Z)")
# A zone that only a comment names: "08:33:03 (EDT)".
_ZONE_COMMENT = re.compile(r"(?<![+\-\d])(\d\d?:\d\d(?::\d\d)?)\s*\(([A-Za-z]{3,4})\)")
_OFFSET = re.compile(
    r"(?:(?<=:\d\d)|(?<= )|\b(?:GMT|UTC) ?)([+-])(\d\d?)(?::?(\d\d))?\Z", re.IGNORECASE
)
_SECOND_FRACTION = re.compile(r"(:\d\d)[.,]\d{1,9}")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")


def received_at(headers: Headers, dates: DateRange) -> dt.datetime | None:
    """Return the date of the topmost plausible `Received` line, else of `Date`, else None, in UTC.

    The topmost line is the receiving server's own; those below and `Date` are the sender's word,
    and wrong by more than a day for an eighth of the SpamAssassin corpus.
    """
    for text in _dates(headers):
        date = _date(text)
        if date is not None and dates.earliest <= date < dates.latest:
            return date
    return None


def _dates(headers: Headers) -> Iterator[str]:
    for value in values(headers, "Received"):
        # The date stands last, and a comment may follow it.
        yield _bare(value[-MAX_VALUE_CHARS:]).rstrip(" ;").rpartition(";")[2]
    for value in values(headers, "Date"):
        yield _bare(value[:MAX_VALUE_CHARS])


def _bare(value: str) -> str:
    """Return `value` without comments, but for a zone that only a comment names."""
    return without_comments(_ZONE_COMMENT.sub(r"\1 \2", value))


def _date(text: str) -> dt.datetime | None:
    """Return the date `text`, of RFC 5322 or ISO 8601, in UTC; without a zone it counts as UTC."""
    text = _SECOND_FRACTION.sub(r"\1", text.strip())
    text = _OFFSET.sub(_numeric, _ZONE.sub(_offset_of, text))
    try:
        if _ISO.match(text):
            date = dt.datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", ""))
        else:
            date = parsedate_to_datetime(text)
        if date.tzinfo is None:
            date = date.replace(tzinfo=dt.UTC)
        return date.astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _offset_of(match: re.Match[str]) -> str:
    return f" {_ZONES.get(match[0].upper(), match[0])}"


def _numeric(match: re.Match[str]) -> str:
    """Return `+02:00`, `GMT+2` and `UTC +0200` as `+0200`."""
    return f" {match[1]}{match[2]:0>2}{match[3] or '00'}"
