"""Bytes of unknown honesty become text that can always be written as UTF-8."""

from __future__ import annotations

import re
from encodings import normalize_encoding
from encodings.aliases import aliases

# Only the standard library's own charset tables: a name from a mail must not import a module
# (`codecs.lookup` does), and must not reach codecs that are no charset (zlib, idna, punycode).
_NOT_CHARSETS = {"base64_codec", "bz2_codec", "hex_codec", "mbcs", "quopri_codec", "rot_13"}
_NOT_CHARSETS |= {"uu_codec", "zlib_codec"}
_CHARSETS = set(aliases.values()) - _NOT_CHARSETS

# What senders write when they mean its superset (WHATWG Encoding Standard, section 4.2).
_SUPERSETS = {
    "latin_1": "cp1252",
    "iso8859_1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_FALLBACK = "cp1252"

# Tab and newline are text; the other control characters only hide words from a filter.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def decode(data: bytes, declared: str | None) -> str:
    """Return `data` as text: in the declared charset, else UTF-8, else windows-1252.

    Args:
        data: the bytes.
        declared: the charset that the mail names; unknown and hostile names count as none.

    Returns:
        Text that `clean` has been over; bytes that mean nothing become U+FFFD.
    """
    charset = _known(declared)
    for candidate in (charset, "utf_8"):
        if candidate is not None:
            try:
                return clean(data.decode(candidate))
            except UnicodeError:
                continue
    # A long mail in Big5 with one broken byte is still Big5.
    best = _FALLBACK if charset in (None, "ascii", "utf_8") else charset
    return clean(data.decode(best, "replace"))


def clean(text: str) -> str:
    """Return `text` with plain newlines, without control characters and lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))


def _known(name: str | None) -> str | None:
    if name is None or not name.isascii():
        return None
    key = normalize_encoding(name.strip().lower())
    charset = aliases.get(key, key)
    return _SUPERSETS.get(charset, charset) if charset in _CHARSETS else None
