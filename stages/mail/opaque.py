"""Attachments that are the mail: Outlook's winmail.dat (TNEF), and signed S/MIME in one piece.

Both are read no further than to the text of the mail, in one pass over lengths that the data give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

# By kind, and by the name that a part of unknown kind has.
_KINDS = {
    "application/ms-tnef": "tnef",
    "application/vnd.ms-tnef": "tnef",
    "application/pkcs7-mime": "smime",
    "application/x-pkcs7-mime": "smime",
    "application/pgp-encrypted": "pgp",
}
_NAMES = {"winmail.dat": "tnef", "smime.p7m": "smime"}

# MS-OXTNEF, sections 2.1.2 and 2.1.3.
_TNEF_SIGNATURE = (0x223E9F78).to_bytes(4, "little")
_TNEF_BODY, _TNEF_CODE_PAGE = 0x0002800C, 0x00069007

# X.690 tags, and the object identifiers of RFC 5652: signedData and data.
_OCTETS, _OCTETS_IN_PIECES, _SEQUENCE, _SET, _INTEGER, _OID, _EXPLICIT = 4, 36, 48, 49, 2, 6, 160
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_END_OF_CONTENTS = b"\0\0"


def seal(kind: str, name: str) -> str | None:
    """Return which format hides the mail in a part: "tnef", "smime", "pgp"; None for others."""
    return _KINDS.get(kind) or _NAMES.get(name.lower())


def _tnef(data: bytes) -> bytes | None:
    """Return the plain text in TNEF as a MIME part; None where it holds only RTF or nothing."""
    if not data.startswith(_TNEF_SIGNATURE):
        return None
    attributes = dict(_attributes(data))
    body = attributes.get(_TNEF_BODY, b"").rstrip(b"\0")
    if not body:
        return None
    code_page = int.from_bytes(attributes.get(_TNEF_CODE_PAGE, b"")[:4], "little")
    return b"Content-Type: text/plain; charset=cp%d\n\n" % code_page + body


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the attributes: level (1 byte), id (4), length (4), value, checksum (2)."""
    at = 6  # behind the signature and the key
    while at + 9 <= len(data):
        start = at + 9
        end = start + int.from_bytes(data[at + 5 : start], "little")
        yield int.from_bytes(data[at + 1 : at + 5], "little"), data[start:end]
        at = end + 2


def _signed(data: bytes) -> bytes | None:
    """Return the MIME part that CMS SignedData (RFC 5652) wraps; None for encrypted mail."""
    try:
        at = _inside(data, 0, _SEQUENCE)
        oid = data[_inside(data, at, _OID) : _behind(data, at, _OID)]
        if oid != _SIGNED_DATA:
            return None
        at = _inside(data, _behind(data, at, _OID), _EXPLICIT)
        at = _behind(data, _inside(data, at, _SEQUENCE), _INTEGER)
        at = _inside(data, _behind(data, at, _SET), _SEQUENCE)
        at = _inside(data, _behind(data, at, _OID), _EXPLICIT)
        return b"".join(_octets(data, at))
    except (IndexError, ValueError):
        return None


def _element(data: bytes, at: int) -> tuple[int, int, int | None]:
    """Return (tag, start, end) of the contents at `at`; the end is None where a mark says it."""
    tag, length = data[at], data[at + 1]
    if length < 0x80:
        return tag, at + 2, at + 2 + length
    start = at + 2 + (length & 0x7F)
    if length == 0x80:
        return tag, start, None
    return tag, start, start + int.from_bytes(data[at + 2 : start], "big")


def _inside(data: bytes, at: int, tag: int) -> int:
    found, start, _ = _element(data, at)
    if found != tag:
        raise ValueError(f"tag {found}, not {tag}")
    return start


def _behind(data: bytes, at: int, tag: int) -> int:
    _inside(data, at, tag)
    end = _element(data, at)[2]
    if end is None:
        raise ValueError("an element of unknown length")
    return end


def _octets(data: bytes, at: int) -> Iterator[bytes]:
    """Yield the octet string at `at`, which may come in pieces."""
    tag, start, end = _element(data, at)
    if tag == _OCTETS and end is not None:
        yield data[start:end]
        return
    at = _inside(data, at, _OCTETS_IN_PIECES)
    last = len(data) if end is None else min(end, len(data))
    while at < last and data[at : at + 2] != _END_OF_CONTENTS:
        start, end = _inside(data, at, _OCTETS), _behind(data, at, _OCTETS)
        yield data[start:end]
        at = end


READERS: dict[str, Callable[[bytes], bytes | None]] = {
    "tnef": _tnef,
    "smime": _signed,
    "pgp": lambda _: None,
}
