"""Tokens found word by word are those that the library finds in the whole text."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from stages import config
from stages.model.engines import bert, wordpiece
from stages.model.weights import weights_folder

# Controls, spaces and accents of many kinds, marks of the tokenizer, and scripts without spaces.
PIECES = (
    *("the", "Kernel", "unaffable", "x" * 101, "zq" * 60, "##ing", "a_b", "e-mail", "3.14", "$9"),
    *(" ", "  ", "\t", "\r\n", "\x00", "\x0b", "\x1c", "\x1f", "\x7f", "\x85", "\xa0", "\xad"),
    *(
        "é",
        "e\u0301",
        "\u0301",
        "İ",
        "ß",
        "\u017f",
        "ΣΑΣ",
        "中文",
        "한글",
        "あ",
        "\u3000",
        "\u200b",
    ),
    *("\u2028", "\ufeff", "\ufffd", "😀", "[SEP]", "[UNK]", "[", "]", "[MASK", "[unused1]"),
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join)


@pytest.fixture(scope="module")
def tokenizer(minilm: config.Encoder) -> Tokenizer:
    return bert.read_tokenizer(weights_folder(minilm), None)


@pytest.fixture(scope="module")
def words(tokenizer: Tokenizer) -> wordpiece.Words:
    return wordpiece.Words(tokenizer)


@given(text=TEXTS)
@example(text="".join(PIECES))
@example(text=" ".join(PIECES))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_numbers_are_those_of_the_library(
    tokenizer: Tokenizer, words: wordpiece.Words, text: str
) -> None:
    found = tokenizer.encode(text, add_special_tokens=False).ids
    # Also the second time, when all words are known.
    assert words.numbers(text) == found == words.numbers(text)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("normalizer", {"lowercase": False}),
        ("normalizer", {"clean_text": False}),
        ("normalizer", {"strip_accents": False}),
        ("pre_tokenizer", {"type": "WhitespaceSplit"}),
        ("model", {"max_input_chars_per_word": 3}),
    ],
)
def test_a_tokenizer_of_another_kind_gives_its_own_numbers(
    tokenizer: Tokenizer, part: str, change: dict[str, object]
) -> None:
    described = json.loads(tokenizer.to_str())
    described[part] |= change
    other = Tokenizer.from_str(json.dumps(described))
    words = wordpiece.Words(other)
    for text in ("The Kernel, unaffable\x00 é", "".join(PIECES)):
        assert words.numbers(text) == other.encode(text, add_special_tokens=False).ids


def test_memory_is_bounded(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordpiece, "_MOST_WORDS", 10)
    words = wordpiece.Words(tokenizer)
    text = " ".join(f"word{n}" for n in range(100)) + " " + "y" * 500
    assert words.numbers(text) == tokenizer.encode(text, add_special_tokens=False).ids
    assert len(words._known) <= 10
    assert not any(len(word) > 100 for word in words._known)


def test_the_default_encoder_takes_the_short_way(words: wordpiece.Words) -> None:
    words.numbers("the kernel")
    assert {"the", "kernel"} <= words._known.keys()
