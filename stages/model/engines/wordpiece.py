"""The numbers of a text's tokens, as the library tokenizers finds them, at a fifth of the time.

The library follows where in the text each character of a token was. Without that, a word that was
met before costs one look-up. What is not plain ASCII still goes through the library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Words that are remembered, about 20 MB; then it begins anew.
_MOST_WORDS = 100_000
# A longer one is hardly met again.
_LONGEST_WORD = 100
# What the library drops: control characters, tab and line ends not among them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# In ASCII without controls: words, and each other sign for itself.
_WORDS = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9\s]")
_BETWEEN_SPACES = re.compile(r"[^ \t\n\r]+")


class Words:
    """Turns texts into the numbers of their tokens, without those around a text.

    Args:
        tokenizer: whose numbers they are, neither cut nor padded.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        described = json.loads(tokenizer.to_str())
        self._plain = _is_plain(described)
        self._lower = self._plain and described["normalizer"]["lowercase"]
        marks = [re.escape(mark["content"]) for mark in described["added_tokens"]]
        # Without any: what is nowhere.
        self._marks = re.compile("|".join(marks) or r"(?!)")
        self._known = _Known(tokenizer)

    def numbers(self, text: str) -> list[int]:
        """Return the numbers of the tokens of `text`."""
        if not self._plain or self._marks.search(text):
            return _numbers(self._tokenizer, text)
        if text.isascii():
            return list(chain.from_iterable(self._of_words(text)))
        return list(chain.from_iterable(map(self._of_part, _BETWEEN_SPACES.findall(text))))

    def _of_part(self, part: str) -> Iterable[int]:
        if part.isascii():
            return chain.from_iterable(self._of_words(part))
        return self._known[part]

    def _of_words(self, text: str) -> Iterable[tuple[int, ...]]:
        if _CONTROLS.search(text):
            text = _CONTROLS.sub("", text)
        if self._lower:
            text = text.lower()
        return map(self._known.__getitem__, _WORDS.findall(text))


class _Known(dict[str, tuple[int, ...]]):
    """The numbers of words that were met before."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._tokenizer = tokenizer

    def __missing__(self, word: str) -> tuple[int, ...]:
        numbers = tuple(_numbers(self._tokenizer, word))
        if len(word) <= _LONGEST_WORD:
            if len(self) >= _MOST_WORDS:
                self.clear()
            self[word] = numbers
        return numbers


def _numbers(tokenizer: Tokenizer, text: str) -> list[int]:
    found: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return found


def _is_plain(described: Any) -> bool:
    """Return whether words are taken apart as BERT does it: then no word depends on another.

    Args:
        described: a tokenizer's own JSON, whose form the library does not promise.
    """
    normalizer, splitter = described["normalizer"] or {}, described["pre_tokenizer"] or {}
    return (
        normalizer.get("type") == "BertNormalizer"
        and normalizer["clean_text"]
        and splitter.get("type") == "BertPreTokenizer"
        and described["model"]["type"] == "WordPiece"
        # Else a mark could be one that only the library sees.
        and not any(mark["normalized"] for mark in described["added_tokens"])
    )
