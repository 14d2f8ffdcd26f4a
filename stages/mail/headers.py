"""The header block of a mail: found, decoded, asked; never trusted."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header

from stages.mail.characters import MAX_SUBJECT_CHARS, subject_of
from stages.mail.charset import decode
from stages.mail.structured import ContentType, content_type, parameters

# Real header blocks stay below 100 kB even with hundreds of recipients.
MAX_HEADER_BYTES = 262_144

# Groups are atomic, `(?>(?:…)*)`: Python before 3.11.5 matches possessive ones wrongly.
# A name may have bytes beyond ASCII, and a space before its colon.
_NAME = rb"[^\x00-\x20:\x7f]++[ \t]*+:"
_FIELD = _NAME + rb"[^\n]*+\n?(?>(?:[ \t][^\n]*+\n?)*)"
# Up to three lines that are no field are left out if one of these fields follows them: a body that
# begins without a blank line seldom looks so.
_KNOWN = (
    rb"(?:x-[!-9;-~]++|content-[a-z-]++|mime-version|subject|from|to|b?cc|date|sender|reply-to"
    rb"|received|return-path|delivered-to|message-id|references|in-reply-to|list-[a-z-]++|precedence"
    rb"|user-agent|dkim-signature|authentication-results|arc-[a-z-]++|thread-[a-z-]++|importance)"
    rb"[ \t]*+:"
)
_ODD_LINES = rb"(?:(?!%s)[^\n]++\n){1,3}(?=(?i:%s))" % (_NAME, _KNOWN)
# An mbox line may stand before the fields.
_BLOCK = re.compile(rb"(?:>?From [^\n]*+\n)?((?>(?:%s(?>(?:%s)?))*))" % (_FIELD, _ODD_LINES))
_FIELDS = re.compile(rb"(%s)|[^\n]*+\n" % _FIELD)
_FOLD = re.compile(r"\s*\n\s*")
_WORD = r"=\?[!->@-~]+\?[bBqQ]\?[ -~]*?\?="
_WORDS = re.compile(rf"{_WORD}(?:\s*{_WORD})*")
_LIST_HEADERS = ("List-Id", "List-Post", "Mailing-List", "X-Mailing-List", "X-BeenThere")


# (name in lower case, value on one line), top to bottom; bytes beyond ASCII as lone surrogates.
Headers = list[tuple[str, str]]


def lines(raw: bytes) -> bytes:
    """Return `raw` with plain line ends."""
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def split(raw: bytes) -> tuple[Headers, bytes]:
    """Return the headers and the body of `raw`, whose lines end with a plain newline.

    A body may begin without a blank line; a few odd lines between fields do not end the block.
    """
    block = _BLOCK.match(raw, 0, MAX_HEADER_BYTES)
    end = block.end() if block else 0
    fields = filter(None, _FIELDS.findall(block[1])) if block else ()
    body = raw[end + raw.startswith(b"\n", end) :]
    return [_header(field.decode("ascii", "surrogateescape")) for field in fields], body


def _header(field: str) -> tuple[str, str]:
    name, _, value = field.partition(":")
    return name.rstrip(" \t").lower(), _FOLD.sub(" ", value).strip()


def values(headers: Headers, name: str) -> list[str]:
    """Return the values of the header `name`, top to bottom."""
    return [value for key, value in headers if key == name.lower()]


def content(headers: Headers) -> ContentType:
    """Return the kind of the part that `headers` stand before."""
    return content_type("".join(values(headers, "Content-Type")[:1]))


def file_name(headers: Headers) -> str:
    """Return the name that the part has as a file; empty where it has none."""
    disposition = parameters("".join(values(headers, "Content-Disposition")[:1]))
    return disposition.get("filename") or content(headers).parameters.get("name", "")


def subject(headers: Headers) -> str:
    """Return the decoded subject (RFC 2047) on one line; empty where there is none.

    Bytes that no encoded word holds are in the body's charset, if they are not UTF-8.
    """
    charset = content(headers).parameters.get("charset")
    for value in values(headers, "Subject"):
        # An encoded character takes up to 12 bytes; what lies beyond cannot be shown anyway.
        data = value[: 12 * MAX_SUBJECT_CHARS].encode("ascii", "surrogateescape")
        text = _WORDS.sub(_decoded, decode(data, None, charset))
        return subject_of(text)
    return ""


def _decoded(match: re.Match[str]) -> str:
    """Decode a run of encoded words; the space between two of them is not part of the text."""
    try:
        chunks = decode_header(match[0])
    except (HeaderParseError, ValueError):
        return match[0]
    return "".join(
        decode(chunk if isinstance(chunk, bytes) else chunk.encode(), _charset(charset))
        for chunk, charset in chunks
    )


def _charset(name: str | None) -> str | None:
    """Drop the language that RFC 2231 allows behind a charset: `utf-8*en`."""
    return name.partition("*")[0] if name else None


def is_list(headers: Headers) -> bool:
    """Return whether a mailing list passed the mail on, by its headers (RFC 2919 and custom)."""
    if any(values(headers, name) for name in _LIST_HEADERS):
        return True
    return any(value.lower() == "list" for value in values(headers, "Precedence"))
