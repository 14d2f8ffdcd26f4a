"""Takes out of a text what only tells which collection it came from.

Public corpora give labels away by list tags in subjects, list footers, and the redactions of
whoever published them. A filter that leans on these shines on the corpus and fails on a mailbox.
Every pattern is bounded, so that hostile text costs linear time.
"""

from __future__ import annotations

import re

# "Re: [ILUG] [SAtalk] ..." -> "..."
_SUBJECT_PREFIXES = re.compile(
    r"^(?:\s{0,8}(?:(?:re|fw|fwd|aw|sv)\s?:|\[[^\[\]\n]{1,40}\])){1,8}", re.I
)
_ADDRESS = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,255}")
# Who redacted the SpamAssassin corpus, and with what.
_REDACTIONS = re.compile(
    r"\b(?:yyyy|jm|jmason|netnoteinc|spamassassin|taint|localhost|example)\b", re.I
)
# A rule of 15 or more dashes or underscores, then within 300 characters the words of a list footer.
_RULE = re.compile(r"^[_-]{15,200}\s*$", re.M)
_FOOTER_WORDS = re.compile(
    r"mailing list|list maintainer|sf\.net|sourceforge|sponsored by|to unsubscribe|yahoo! groups",
    re.I,
)
_FOOTER_REACH = 300


def scrub(subject: str, text: str) -> str:
    """Return subject and text as one, without list tags, list footers, addresses and redactions."""
    body = _without_footer(text)
    whole = f"{_SUBJECT_PREFIXES.sub(' ', subject)}\n{body}"
    return _REDACTIONS.sub(" ", _ADDRESS.sub(" address ", whole))


def _without_footer(text: str) -> str:
    for rule in _RULE.finditer(text):
        if _FOOTER_WORDS.search(text, rule.end(), rule.end() + _FOOTER_REACH):
            return text[: rule.start()]
    return text
