import pytest

from stages.mail.characters import clean


def test_clean_keeps_lines_and_drops_what_hides_words() -> None:
    assert clean("via\x00g\x08ra\r\nnow\rand\tthen\ud83d") == "viagra\nnow\nand\tthen\ufffd"


# Soft hyphen, zero-width space and joiners, word joiner, mark, filler, selector, tag, C1 control.
HIDDEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff\u034f\u180e\u202e\u3164\ufe0f\U000e0041\x86"


@pytest.mark.parametrize("character", HIDDEN)
def test_what_is_not_drawn_does_not_cut_a_word(character: str) -> None:
    assert clean(f"vi{character}ag{character}{character}ra") == "viagra"


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: the joiner is spelling
        "क्\u200dष",
        "naïve\u00a0café",
        "日本\u3000語",
        "a\u0301",
    ],
)
def test_what_is_drawn_or_spelled_stays(text: str) -> None:
    assert clean(text) == text
