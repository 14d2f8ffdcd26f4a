"""The readable text of a MIME body, within bounds that no mail can widen.

The standard library's parser takes as many parts and levels as a mail has, by recursion; this one
splits at the boundaries it is given, to a limit of levels and of parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from stages.mail import headers as mail_headers
from stages.mail import opaque
from stages.mail.charset import decode
from stages.mail.headers import Headers, lines, split
from stages.mail.html import html_to_text, named_charset
from stages.mail.structured import ContentType, token
from stages.mail.transfer import unpack

# A forwarded mail in a signed mail in a digest has five.
MAX_DEPTH = 8
# Digests and bounces stay below; the text of later parts would be cut off anyway.
MAX_PARTS = 100
# RFC 2046 allows 70.
MAX_BOUNDARY_CHARS = 200

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
    # The format of some part that could not be read though it may be the mail (`opaque`).
    sealed: str | None = None


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
        content = mail_headers.content(headers)
        kind, charset = content.kind, content.parameters.get("charset")
        if kind.startswith("multipart/"):
            parts = self._multipart(content, headers, body, depth)
            if parts:
                return _either(parts) if kind == "multipart/alternative" else _joined(parts)
            kind = "text/plain"  # no boundary, no parts: what mail programs show is the body
        if kind == "message/rfc822":
            return self.read(*split(lines(_unpacked(headers, body))), depth + 1)
        if not kind.startswith(("text/", "message/")):
            return self._opaque(kind, headers, body, depth)
        return _leaf(kind, _unpacked(headers, body), charset)

    def _multipart(
        self, content: ContentType, headers: Headers, body: bytes, depth: int
    ) -> list[Readable]:
        """Read the parts: those of the body as it is, else of the decoded one.

        An encoding is forbidden here, so that it is either not meant or hides the boundaries.
        """
        boundary = content.parameters.get("boundary", "").rstrip()
        if not boundary or len(boundary) > MAX_BOUNDARY_CHARS:
            return []
        parts = [self.read(*split(part), depth + 1) for part in self._parts(boundary, body)]
        decoded = body if parts else lines(_unpacked(headers, body))
        if decoded != body:
            parts = [self.read(*split(part), depth + 1) for part in self._parts(boundary, decoded)]
        return parts

    def _parts(self, boundary: str, body: bytes) -> Iterator[bytes]:
        mark = re.escape(boundary.encode("ascii", "surrogateescape"))
        start = None
        for line in re.finditer(rb"^--" + mark + rb"(--)?[ \t]*+$\n?", body, re.MULTILINE):
            if start is not None:
                yield body[start : line.start()]
            start = line.end()
            if line[1] or self.parts_left == 0:
                return
        if start is not None:
            yield body[start:]

    def _opaque(self, kind: str, headers: Headers, body: bytes, depth: int) -> Readable:
        """Read a part that holds the whole mail in a format of its own, or say which."""
        seal = opaque.seal(kind, mail_headers.file_name(headers))
        if seal is None:
            return _NOTHING
        inner = opaque.READERS[seal](_unpacked(headers, body))
        if inner is None:
            return replace(_NOTHING, sealed=seal)
        return self.read(*split(lines(inner)), depth + 1)


def _unpacked(headers: Headers, body: bytes) -> bytes:
    """Undo the Content-Transfer-Encoding."""
    encoding = "".join(mail_headers.values(headers, "Content-Transfer-Encoding")[:1])
    return unpack(token(encoding), body)


def _leaf(kind: str, data: bytes, charset: str | None) -> Readable:
    is_html = kind == "text/html" or _LOOKS_LIKE_HTML.match(data) is not None
    if is_html:
        return Readable(html_to_text(decode(data, charset, named_charset(data))), True, True)
    return Readable(decode(data, charset), from_html=False, has_html=False)


def _either(parts: list[Readable]) -> Readable:
    """Choose among alternatives: plain rather than HTML, unless it is a placeholder."""
    enough = PLACEHOLDER_SHARE * max(len(part.text) for part in parts)
    best = min(parts, key=lambda part: (len(part.text.strip()) < enough, part.from_html))
    return _summed(parts, best.text, best.from_html)


def _joined(parts: list[Readable]) -> Readable:
    text = "\n\n".join(part.text.strip() for part in parts if part.text.strip())
    return _summed(parts, text, any(part.from_html for part in parts))


def _summed(parts: list[Readable], text: str, from_html: bool) -> Readable:
    has_html = any(part.has_html for part in parts)
    sealed = next((part.sealed for part in parts if part.sealed is not None), None)
    return Readable(text, from_html, has_html, sealed)
