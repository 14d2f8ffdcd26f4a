"""Structured header values as mail has them, not as the standards want them.

Comments, quotes, missing and doubled semicolons, pieces of RFC 2231. Every value is cut to a length
that is quickly parsed; bytes beyond ASCII are lone surrogates, before and after.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

# Of a structured value (Content-Type, a date); real ones stay far below.
MAX_VALUE_CHARS = 2_000
# A comment in a comment is rare; deeper ones are text.
_MAX_COMMENT_DEPTH = 8

# A quoted string, kept, or a comment without another in it; an unclosed one is text.
_COMMENT = re.compile(r'("(?>(?:[^"\\]++|\\.)*)")|\((?>(?:[^()\\]++|\\.)*)\)', re.DOTALL)
_KIND = re.compile(r"""[\s"'<]*([\w.+-]+)\s*/\s*([\w.+*-]+)["'>]?""", re.ASCII)
_PARAMETER = re.compile(
    r"""(?<![^\s=;,"])([^\s=;,"]++)\s*+=\s*+("(?>(?:[^"\\]++|\\.)*)"?|[^\s;]*+)""", re.DOTALL
)
_NAME = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*?)")
_TOKEN = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class ContentType:
    """The kind of a part, and its parameters by their names in lower case."""

    kind: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)


def without_comments(value: str) -> str:
    """Return `value` without RFC 5322 comments; each leaves a space."""
    for _ in range(_MAX_COMMENT_DEPTH):
        value, found = _COMMENT.subn(lambda match: match[1] or " ", value)
        if "(" not in value or not found:
            break
    return value


def content_type(value: str) -> ContentType:
    """Read a Content-Type; what cannot be read is text/plain."""
    kind = _KIND.match(without_comments(value[:MAX_VALUE_CHARS]))
    name = f"{kind[1]}/{kind[2]}".lower() if kind else ContentType.kind
    return ContentType(name, parameters(value))


def token(value: str) -> str:
    """Return the first word of `value` in lower case without punctuation: `"Base64"; (x)`."""
    found = _TOKEN.search(without_comments(value[:MAX_VALUE_CHARS]))
    return re.sub(r"[._-]", "", found[0]).lower() if found else ""


def parameters(value: str) -> dict[str, str]:
    """Return the parameters in `value` by their names in lower case; of two the first."""
    text = without_comments(value[:MAX_VALUE_CHARS])
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, written in _PARAMETER.findall(text):
        parts = _NAME.fullmatch(name.lower())
        if parts is None:
            continue
        if parts[2] is None and not parts[3]:
            plain.setdefault(parts[1], _unquoted(written))
        else:
            numbered = pieces.setdefault(parts[1], {})
            numbered.setdefault(int(parts[2] or 0), (_unquoted(written), bool(parts[3])))
    return {name: _extended(numbered) for name, numbered in pieces.items()} | plain


def _extended(pieces: dict[int, tuple[str, bool]]) -> str:
    """Join the pieces of a value (RFC 2231): `charset'language'percent-encoded`."""
    values = []
    for position, (_, (value, encoded)) in enumerate(sorted(pieces.items())):
        if encoded:
            if position == 0 and value.count("'") >= 2:
                value = value.split("'", 2)[2]
            octets = unquote_to_bytes(value.encode("ascii", "surrogateescape"))
            value = octets.decode("ascii", "surrogateescape")
        values.append(value)
    return "".join(values)


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    closed = len(value) > 1 and value.endswith('"')
    return re.sub(r"\\(.)", r"\1", value[1:-1] if closed else value[1:])
