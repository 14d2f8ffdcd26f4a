import pytest

from stages.mail.charset import clean, decode


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        (b"caf\xc3\xa9", "utf-8", "café"),
        (b"caf\xc3\xa9", None, "café"),
        (b"caf\xe9", None, "café"),
        (b"caf\xc3\xa9", "us-ascii", "café"),
        # Declared as Latin-1, meant as windows-1252, as the web has it.
        (b"\x93quoted\x94", "ISO-8859-1", "\u201cquoted\u201d"),
        ("привет".encode("koi8-r"), "KOI8-R", "привет"),
        ("日本".encode("iso-2022-jp"), "iso-2022-jp", "日本"),
        # One broken byte does not turn Chinese into accents.
        ("中文".encode("gb18030") + b"\xff!", "gb2312", "中文\ufffd!"),
        (b"+AGE-", "utf-7", "a"),
    ],
)
def test_bytes_become_the_text_that_was_meant(data: bytes, declared: str | None, text: str) -> None:
    assert decode(data, declared) == text


NAMES = "no-such zlib base64 rot13 idna punycode unicode_escape undefined ../../etc/passwd os.path"


@pytest.mark.parametrize("name", [*NAMES.split(), "", "x" * 9_999, "a\0b", "\udcff", "utf\u20118"])
def test_hostile_charset_names_count_as_none(name: str) -> None:
    assert decode(b"plain \\u0041 caf\xe9", name) == "plain \\u0041 café"


def test_nothing_comes_out_that_utf8_cannot_hold() -> None:
    lone = "\ud800".encode("utf-8", "surrogatepass")
    for charset in ("utf-8", "utf-7", "utf-16", "cp1252", None):
        decode(lone + b"+2AA-\x00", charset).encode("utf-8")


def test_clean_keeps_lines_and_drops_what_hides_words() -> None:
    assert clean("via\x00g\x08ra\r\nnow\rand\tthen\ud83d") == "viagra\nnow\nand\tthen\ufffd"
