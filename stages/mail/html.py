"""HTML of hostile origin to text, in linear time.

A tree is what an attacker wants us to build: HTML5's rules re-open unclosed formatting elements, so
that a mail of 25 kB made a C parser allocate 1.3 GB. Words need no tree, only the tags' names.
"""

from __future__ import annotations

import re
from html import unescape

from stages.mail.characters import clean

# What HTML's parser takes for attributes: a `>` in a quoted value does not end the tag.
_ATTRIBUTES = r"""(?>(?:[^>=]++|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+))*)"""
# No alternative looks far ahead in vain, so that the whole scan is linear: tags and scripts also
# match without their end (a browser hides the rest as well), comments are closed (`_closed`).
_MARKUP = re.compile(
    r"<!--(?:-?>|.*?--!?>)"
    rf"|<(?P<unseen>script|style)\b{_ATTRIBUTES}>?.*?(?:</(?P=unseen)[^>]*>?|\Z)"
    r"|<title\b[^<]*"
    r"|<[!?][^>]*>?"
    rf"|</?(?P<tag>[a-z][a-z0-9]*){_ATTRIBUTES}>?",
    re.IGNORECASE | re.DOTALL,
)
_LINES = re.compile(
    r"address|article|aside|blockquote|body|br|center|d[dlt]|div|fieldset|fig(?:ure|caption)|footer"
    r"|form|h[1-6r]|head|header|html|li|main|nav|[ou]l|option|p|pre|section|table|tbody|tr"
)
_CELLS = frozenset({"td", "th", "caption", "img", "input", "button", "label"})
# The standard looks at 1,024 bytes; mail programs write long heads.
_META_BYTES = 4_096
_META = re.compile(
    rb"""<meta\b[^>]{0,400}?\bcharset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:+-]{1,60})""", re.IGNORECASE
)
_SPACE = re.compile(r"\s+")


def html_to_text(html: str) -> str:
    """Return what a reader would see of `html`: one line a block, no scripts, styles or title.

    `<b>` and its like leave no gap in a word; blocks break the line, cells part words.
    """
    flowing = _SPACE.sub(" ", _closed(html))
    text = clean(unescape(_MARKUP.sub(_border, flowing)))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _closed(html: str) -> str:
    """Let a comment that is never closed end with its first `>`, as old mail programs have it."""
    end = max(html.rfind("-->"), html.rfind("--!>")) + 1
    return html[:end] + html[end:].replace("<!--", "<!")


def named_charset(data: bytes) -> str | None:
    """Return the charset that the HTML `data` names in a `<meta>` near its beginning."""
    meta = _META.search(data, 0, _META_BYTES)
    return meta[1].decode("ascii") if meta else None


def _border(match: re.Match[str]) -> str:
    tag = (match["tag"] or "").lower()
    if _LINES.fullmatch(tag):
        return "\n"
    return " " if tag in _CELLS else ""
