"""The readable text of a MIME body, within bounds that no mail can widen.

The standard library's parser takes as many parts and levels as a mail has, by recursion; this one
splits at the boundaries it is given, to a limit of levels and of parts.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from quopri import decodestring

from stages.mail.charset import decode
from stages.mail.headers import MAX_VALUE_CHARS, Headers, split, values
from stages.mail.html import html_to_text

# A forwarded mail in a signed mail in a digest has five.
MAX_DEPTH = 8
# Digests and bounces stay below; the text of later parts would be cut off anyway.
MAX_PARTS = 100
# RFC 2046 allows 70.
MAX_BOUNDARY_CHARS = 200

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
# Alternatives should say the same. A plain one this much shorter than the HTML (a fraction of its
# length) is a placeholder: "your program does not show HTML". What people read counts.
PLACEHOLDER_SHARE = 0.2
# Spam often declares its HTML as text/plain, and mail programs show it as HTML.
_LOOKS_LIKE_HTML = re.compile(rb"\s*+<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Readable:
    """What can be read of a part and of those in it."""

    text: str
    # The text was made from HTML.
    from_html: bool
    # Some part is HTML, be it the one read or not.
    has_html: bool


_NOTHING = Readable("", from_html=False, has_html=False)


class MimeReader:
    """Reads one mail; counts its parts.

    Attributes:
        parts_left: how many more parts are looked at.
    """

    def __init__(self) -> None:
        self.parts_left = MAX_PARTS

    def read(self, headers: Headers, body: bytes, depth: int = 0) -> Readable:
        """Return the text of a part; of `multipart/alternative` the plain one if there is any."""
        if depth > MAX_DEPTH or self.parts_left == 0:
            return _NOTHING
        self.parts_left -= 1
        content = _content_type(headers)
        kind = content.get_content_type()
        if content.get_content_maintype() == "multipart":
            parts = [self.read(*split(part), depth + 1) for part in self._parts(content, body)]
            if parts:
                return _either(parts) if kind == "multipart/alternative" else _joined(parts)
            kind = "text/plain"  # no boundary, no parts: what mail programs show is the body
        if kind == "message/rfc822":
            return self.read(*split(_unpacked(headers, body)), depth + 1)
        if not kind.startswith(("text/", "message/")):
            return _NOTHING
        return _leaf(kind, _unpacked(headers, body), _parameter(content, "charset"))

    def _parts(self, content: Message, body: bytes) -> Iterator[bytes]:
        boundary = _parameter(content, "boundary")
        if not boundary or len(boundary) > MAX_BOUNDARY_CHARS:
            return
        mark = re.escape(boundary.rstrip().encode("ascii", "replace"))
        start = None
        for line in re.finditer(rb"^--" + mark + rb"(--)?[ \t]*+$\n?", body, re.MULTILINE):
            if start is not None:
                yield body[start : line.start()]
            start = line.end()
            if line[1] or self.parts_left == 0:
                return
        if start is not None:
            yield body[start:]


def _content_type(headers: Headers) -> Message:
    """Return a message with the Content-Type alone, cut to a length that is quickly parsed."""
    alone = Message()
    for value in values(headers, "Content-Type")[:1]:
        alone["Content-Type"] = value[:MAX_VALUE_CHARS].encode("ascii", "replace").decode()
    return alone


def _parameter(content: Message, name: str) -> str | None:
    """Return a parameter of Content-Type; None where it is missing or cannot be read."""
    try:
        value = content.get_param(name)
    except (ValueError, TypeError, LookupError):
        return None
    return value[2] if isinstance(value, tuple) else value


def _unpacked(headers: Headers, body: bytes) -> bytes:
    """Undo the Content-Transfer-Encoding; what is not of it stays out, an unknown one is none."""
    encoding = "".join(values(headers, "Content-Transfer-Encoding")[:1]).lower()
    if encoding == "quoted-printable":
        return decodestring(body)
    if encoding == "base64":
        # Padding ends it: what lists append to a mail is not base64.
        letters = body.partition(b"=")[0].translate(None, delete=_NOT_BASE64)
        # A lone letter at the end holds six bits: no byte.
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return a2b_base64(letters + b"=" * (-len(letters) % 4))
    return body


def _leaf(kind: str, data: bytes, charset: str | None) -> Readable:
    is_html = kind == "text/html" or _LOOKS_LIKE_HTML.match(data) is not None
    text = decode(data, charset)
    return Readable(html_to_text(text) if is_html else text, is_html, is_html)


def _either(parts: list[Readable]) -> Readable:
    """Choose among alternatives: plain rather than HTML, unless it is a placeholder."""
    enough = PLACEHOLDER_SHARE * max(len(part.text) for part in parts)
    best = min(parts, key=lambda part: (len(part.text.strip()) < enough, part.from_html))
    return Readable(best.text, best.from_html, any(part.has_html for part in parts))


def _joined(parts: list[Readable]) -> Readable:
    text = "\n\n".join(part.text.strip() for part in parts if part.text.strip())
    return Readable(
        text,
        from_html=any(part.from_html for part in parts),
        has_html=any(part.has_html for part in parts),
    )
