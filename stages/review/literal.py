"""Text of strangers on our page: shown letter by letter, never obeyed.

Subjects, branch names and parameters may hold HTML, Markdown, mentions, links, tables of their own,
or signs that turn the direction of writing. In a code span none of that means anything; what
could end the span or the cell of a table is shown by a sign that looks like it.
"""

from __future__ import annotations

import re
import unicodedata

from stages.machine.console import visible

_LIMIT = 100
# A code span ends with backticks, a cell with a bar: the fullwidth forms end nothing.
_LOOKALIKES = str.maketrans({"`": "\uff40", "|": "\uff5c"})
# Control and format signs (bidirectional ones among them), surrogates, private use, unassigned.
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_MARKS = re.compile(r"(?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]){3,}")

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#!~&])")


def plain(sentence: str, limit: int = 300) -> str:
    """Return a sentence of our own files as text: somebody may have edited them."""
    line = visible(" ".join(sentence.split())[:limit])
    line = line.replace("|", "\uff5c").replace("@", "\uff20")
    return _MARKUP.sub(r"\\\1", line)


def literal(text: object, limit: int = _LIMIT) -> str:
    """Return `text` as a code span of one line, cut after `limit` characters; Markdown."""
    seen = "".join(
        " " if sign.isspace() else sign
        for sign in str(text)[: 50 * limit]
        if sign.isspace() or unicodedata.category(sign) not in _UNSEEN
    )
    # Letters under a tower of marks would cover the lines above.
    line = _MARKS.sub("", " ".join(seen.split())).translate(_LOOKALIKES)
    if not line:
        return "(empty)"
    return f"`{line[:limit]}{'…' if len(line) > limit else ''}`"
