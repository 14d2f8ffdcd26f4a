"""Content-Transfer-Encoding undone, as far as the bytes are what it says."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from quopri import decodestring

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_LETTERS + b"="))
# Lines of base64: at most one stray character, which senders skip, and no gap in them, unless what
# stands before the first is too long for a word (line ends may have become spaces).
_LINES = re.compile(
    rb"(?>(?:[ \t]*+(?:[A-Za-z0-9+/=]{16,}+(?>(?:[ \t]++[A-Za-z0-9+/=]++)+)"
    rb"|[A-Za-z0-9+/=]*+(?>(?:[^A-Za-z0-9+/=\s][A-Za-z0-9+/=]++)?))[ \t]*+(?:\n|\Z))*)"
)
_PIECE = re.compile(rb"([^=]++)(=*+)")
# Control characters that no text has in any charset: those left are tab, line ends, escapes of
# ISO-2022, and NUL, which UTF-16 is full of.
_BINARY = re.compile(rb"[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
# So few letters may be a word of plain text.
_WORD_LETTERS = 40

_SOFT_BREAK = re.compile(rb"=[ \t]+\n")
_UUENCODED = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} [^\n]*\n", re.MULTILINE)


def unpack(encoding: str, body: bytes) -> bytes:
    """Return `body` decoded; unchanged where `encoding` is unknown or `body` is not in it.

    Args:
        encoding: the encoding's name in lower-case letters and digits: `quotedprintable`.
        body: its lines end with a plain newline.
    """
    match encoding:
        case "quotedprintable":
            return decodestring(_SOFT_BREAK.sub(b"=\n", body))
        case "base64":
            return _base64(body)
        case "xuuencode" | "uuencode" | "xuue" | "uue":
            return _uuencoded(body)
    return body


def _base64(body: bytes) -> bytes:
    """Decode the lines of base64 that `body` begins with: lists append text to a mail.

    A body that begins with other lines, or whose first letters mean nothing, is text.
    """
    found = _LINES.match(body)
    end = found.end() if found else 0
    letters = body[:end].translate(None, delete=_NOT_BASE64)
    data = b"".join(_pieces(letters))
    doubtful = len(letters) < _WORD_LETTERS or end < len(body)
    if not data or (doubtful and _BINARY.search(data)):
        return body
    return data


def _pieces(letters: bytes) -> Iterator[bytes]:
    """Yield the decoded pieces of `letters`, which padding ends; an appended word is none."""
    for number, piece in enumerate(_PIECE.finditer(letters)):
        # A lone letter at the end holds six bits: no byte.
        kept = piece[1][: len(piece[1]) - (len(piece[1]) % 4 == 1)]
        data = binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
        fits = (len(piece[1]) + len(piece[2])) % 4 == 0
        if number and (not fits or _BINARY.search(data)):
            return
        yield data


def _uuencoded(body: bytes) -> bytes:
    """Decode from `begin` to `end`; a body without `begin` is text."""
    begin = _UUENCODED.search(body)
    if begin is None:
        return body
    decoded = []
    for line in body[begin.end() :].split(b"\n"):
        if line.strip() in (b"", b"`", b"end"):
            break
        try:
            # Some senders pad lines: only as many characters count as the first one says.
            decoded.append(binascii.a2b_uu(line[: 1 + (((line[0] - 32) & 63) * 4 + 2) // 3]))
        except binascii.Error:
            continue
    return b"".join(decoded)
