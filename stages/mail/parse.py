"""Raw mail to what a filter reads: never raises, never fetches, bounded in time and memory."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from stages.mail import headers as mail_headers
from stages.mail.characters import body_of
from stages.mail.mime import MimeReader
from stages.mail.received import ANY_MAIL, DateRange, received_at

# Text comes first in a mail and attachments last: the text of real mail ends long before.
MAX_RAW_BYTES = 2_097_152


@dataclass(frozen=True)
class ParsedMessage:
    """What a filter, and a person, can read of a mail. Every text can be written as UTF-8."""

    subject: str
    # The decoded body, HTML turned into text, at most MAX_TEXT_CHARS.
    text: str
    # Some part of the body is HTML.
    is_html: bool
    # A mailing list passed it on.
    is_list: bool
    # When the receiving server took it, UTC; None where no header says so plausibly.
    received_at: dt.datetime | None
    # Why there is no text: the whole mail is in this format, and encrypted or not read ("tnef",
    # "smime", "pgp"); None otherwise.
    sealed: str | None = None


def parse_message(raw: bytes, dates: DateRange = ANY_MAIL) -> ParsedMessage:
    """Return what can be read of `raw`, whatever bytes it holds; it never raises.

    Args:
        raw: a mail as the server stored it; only its first MAX_RAW_BYTES are looked at.
        dates: the dates that its source can hold.
    """
    headers, body = mail_headers.split(mail_headers.lines(raw[:MAX_RAW_BYTES]))
    readable = MimeReader().read(headers, body)
    text = body_of(readable.text)
    return ParsedMessage(
        subject=mail_headers.subject(headers),
        text=text,
        is_html=readable.has_html,
        is_list=mail_headers.is_list(headers),
        received_at=received_at(headers, dates),
        sealed=None if text else readable.sealed,
    )


def parse_date(raw: bytes, dates: DateRange = ANY_MAIL) -> dt.datetime | None:
    """Return `parse_message(raw, dates).received_at` without reading the body."""
    headers, _ = mail_headers.split(mail_headers.lines(raw[: mail_headers.MAX_HEADER_BYTES]))
    return received_at(headers, dates)
