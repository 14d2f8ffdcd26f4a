"""Bytes of unknown honesty become text that can always be written as UTF-8."""

from __future__ import annotations

import codecs
import re
from encodings import normalize_encoding
from encodings.aliases import aliases

import webencodings
import webencodings.labels

from stages.mail.characters import clean

# Only the standard library's own charset tables: a name from a mail must not import a module
# (`codecs.lookup` does), and must not reach codecs that are not charsets (zlib, idna, punycode).
_NOT_CHARSETS = {"base64_codec", "bz2_codec", "hex_codec", "mbcs", "quopri_codec", "rot_13"}
_NOT_CHARSETS |= {"uu_codec", "zlib_codec"}
_CHARSETS = set(aliases.values()) - _NOT_CHARSETS
# Longer names are not charsets.
_MAX_NAME_CHARS = 60

# Python's codec for an encoding of the WHATWG standard, where it has another name or is a subset.
_CODECS = {
    "big5": "big5hkscs",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "gbk": "gb18030",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-8-i": "iso8859_8",
    "macintosh": "mac_roman",
    "shift_jis": "cp932",
    "utf-16be": "utf_16_be",
    "utf-16le": "utf_16_le",
    "utf-8": "utf_8",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac_cyrillic",
}
# The standard's words for "cannot be decoded" and "bytes of no language".
_NO_ENCODING = {"replacement", "x-user-defined"}
# "windows1251", "utf 8": what is meant by a name whose punctuation is wrong.
_SQUEEZED = {re.sub(r"[^a-z0-9]", "", label): label for label in webencodings.labels.LABELS}
# Names of Microsoft's ISO-2022-JP, which neither table has.
_JAPANESE_NAMES = {"cp50220", "cp50221", "cp50222", "iso_2022_jp_ms"}
_JAPANESE = {"iso2022_jp", "iso2022_jp_1", "iso2022_jp_ext"}
# Where a declared charset fails: what its senders mean instead.
_SECOND = {"big5hkscs": "cp950", "iso2022_jp_ext": "cp932"}
_FALLBACK = "cp1252"

_BYTE_ORDER = ((codecs.BOM_UTF16_LE, "utf_16_le"), (codecs.BOM_UTF16_BE, "utf_16_be"))
# The escape to two-byte Japanese, which no plain text holds by chance.
_ESCAPE = re.compile(rb"\x1b\$[@B]")
# Each wrong byte costs a call of `_vendor`, 3 microseconds; no text of a mail is so long.
_MAX_VENDOR_BYTES = 524_288
# The rows that NEC and IBM added to JIS X 0208, in seven bits and in eight (EUC).
_VENDOR_PAIRS = re.compile(rb"(?:[\x2d\x79-\x7c][\x21-\x7e]|[\xad\xf9-\xfc][\xa1-\xfe])+")


def decode(data: bytes, declared: str | None, inside: str | None = None) -> str:
    """Return `data` as text: by its byte order mark, in the declared charset, else UTF-8.

    What is neither is windows-1252, unless it is UTF-8 with a few bad bytes.

    Args:
        data: the bytes.
        declared: the charset that the mail names; unknown and hostile names count as none.
        inside: the charset that the data names, or what surrounds it; it counts where `declared`
            is missing or is ASCII, and the data are not UTF-8.

    Returns:
        Text that `clean` has been over; bytes that mean nothing become U+FFFD.
    """
    for mark, codec in _BYTE_ORDER:
        # Spaces and line ends have a zero byte there; without any it is a trick.
        if data.startswith(mark) and b"\0" in data:
            data, declared = data[len(mark) :], codec
    if data.startswith(codecs.BOM_UTF8):
        data, declared = data[3:], "utf-8"
    charset = _charset(data, declared, inside)
    # ASCII bytes are UTF-8 whatever they mean: UTF-7 or ISO-2022-JP, for instance.
    others = () if charset and data.isascii() else ("utf_8", _SECOND.get(charset or ""))
    for candidate in (charset, *others):
        if candidate is not None and (text := _strictly(data, candidate)) is not None:
            return clean(text)
    return clean(_leniently(data, charset))


def _charset(data: bytes, declared: str | None, inside: str | None) -> str | None:
    charset = _codec(declared)
    if charset not in (None, "ascii"):
        return charset
    if data.isascii() and _ESCAPE.search(data):
        return "iso2022_jp_ext"
    named = _codec(inside)
    # Of Unicode's forms only UTF-8 can be named in what looks like ASCII, and it is tried anyway.
    if named is None or named.startswith("utf_"):
        return charset
    return named if data.isascii() or _strictly(data, "utf_8") is None else charset


def _codec(name: str | None) -> str | None:
    """Return Python's codec for the charset `name`: by the WHATWG's list, then by Python's."""
    if name is None or not name.isascii() or len(name) > _MAX_NAME_CHARS:
        return None
    name = name.strip(" \t\"'").lower()
    key = normalize_encoding(name)
    charset = aliases.get(key, key)
    if charset == "ascii":  # the WHATWG reads it as windows-1252; here UTF-8 is tried before that
        return charset
    if key in _JAPANESE_NAMES or charset in _JAPANESE:
        return "iso2022_jp_ext"
    found = webencodings.lookup(name)
    if found is None and charset not in _CHARSETS:
        found = webencodings.lookup(_SQUEEZED.get(re.sub(r"[^a-z0-9]", "", name), ""))
    if found is not None and found.name not in _NO_ENCODING:
        return _CODECS.get(found.name, str(found.name))
    return charset if charset in _CHARSETS else None


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeError:
        return None


def _leniently(data: bytes, charset: str | None) -> str:
    """Return `data`, in which some bytes are wrong whatever the charset."""
    if charset not in (None, "ascii", "utf_8"):
        # A long mail in Big5 with one broken byte is still Big5.
        if charset in _VENDOR_CODECS:
            return data[:_MAX_VENDOR_BYTES].decode(charset, _VENDOR)
        return data.decode(charset, "replace")
    text = data.decode("utf_8", "replace")
    replaced = text.count("\ufffd")
    bad = replaced - data.count("\ufffd".encode())
    good = len(text) - len(text.encode("ascii", "ignore")) - replaced
    return text if good > bad else data.decode(_FALLBACK, "replace")


def _vendor(error: UnicodeError) -> tuple[str, int]:
    """Decode what only Microsoft's superset of a Japanese charset holds: an error handler."""
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 -- registered for decoding only
    pairs = _VENDOR_PAIRS.match(error.object, error.start)
    if pairs is None:
        return "\ufffd", error.end
    high = bytes(byte & 0x7F for byte in pairs[0])
    shifted = bytearray()
    for row, cell in zip(high[::2], high[1::2], strict=True):
        # JIS to Shift JIS: two rows of 94 cells share a lead byte.
        lead = (row - 0x21) // 2 + 0x81
        shifted.append(lead + 0x40 * (lead > 0x9F))
        shifted.append(cell + (0x1F + (cell >= 0x60) if row % 2 else 0x7E))
    return shifted.decode("cp932", "replace"), pairs.end()


_VENDOR = "stages.mail.charset.vendor"
_VENDOR_CODECS = {"iso2022_jp_ext", "euc_jp"}
codecs.register_error(_VENDOR, _vendor)
