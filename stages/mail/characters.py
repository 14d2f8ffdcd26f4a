"""Which characters of a message count, in every source and in the served model.

Those that a reader sees, up to a length that no letter has.
"""

from __future__ import annotations

import re

# RFC 5322 caps a line at 998 characters; a longer subject is not a subject.
MAX_SUBJECT_CHARS = 1_000
# Above the longest text of the SpamAssassin corpus (194,821); only hostile mail is cut.
MAX_TEXT_CHARS = 200_000

# Tab and newline are text; the other control characters only hide words from a filter.
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f"
# Nothing is drawn for these (Unicode's Default_Ignorable_Code_Point, and the annotation marks), so
# that a word with one inside looks whole to a reader and broken to a filter.
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# These two spell words, but only in scripts whose letters join: Persian, Hindi, Mongolian.
_JOINERS = "\u200c\u200d"
_JOINING = "\u0600-\u08ff\u0900-\u109f\u1780-\u18af\ua840-\uabff\ufb50-\ufdff\ufe70-\ufefc"
# One class first, so that the scan stops nowhere else.
_UNSEEN = re.compile(f"[{_CONTROLS}{_IGNORABLE}{_JOINERS}](?<![{_JOINING}][{_JOINERS}])")
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return `text` with plain newlines, without invisible characters and lone surrogates.

    The result can be written as UTF-8.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATES.sub("\ufffd", _UNSEEN.sub("", text))


def subject_of(text: str) -> str:
    """Return `text` as a subject: cleaned, on one line, at most MAX_SUBJECT_CHARS."""
    return " ".join(clean(text).split())[:MAX_SUBJECT_CHARS]


def body_of(text: str) -> str:
    """Return `text` as a body: cleaned, without blanks around it, at most MAX_TEXT_CHARS."""
    return clean(text).strip()[:MAX_TEXT_CHARS]
