import codecs

import pytest

from stages.mail.charset import decode


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
        # Names of the WHATWG's list that Python does not know, and of Python's that it lacks.
        ("привіт".encode("koi8-u"), "koi8-u", "привіт"),
        ("請求".encode("cp932"), "Windows-31J", "請求"),
        ("請求".encode("cp932"), '"x-sjis"', "請求"),
        ("สวัสดี".encode("cp874"), "tis-620", "สวัสดี"),
        ("привет".encode("mac-cyrillic"), "x-mac-cyrillic", "привет"),
        ("é".encode("cp850"), "cp850", "é"),
        ("中文".encode("hz"), "hz-gb-2312", "中文"),
        ("한국".encode("iso-2022-kr"), "iso-2022-kr", "한국"),
        ("привет".encode("cp1251"), "windows1251", "привет"),
        ("привет".encode("koi8-r"), "KOI8R", "привет"),
        # Supersets: Hong Kong's characters, Microsoft's Korean, the euro of Microsoft's Big5.
        ("香港嘅".encode("big5hkscs"), "big5", "香港嘅"),
        ("똠방".encode("cp949"), "ks_c_5601-1987", "똠방"),
        ("中€".encode("cp950"), "big5", "中€"),
        # UTF-8 with a few bad bytes is UTF-8, also where a character is cut.
        ("Скидка до ".encode() + b"\xe1", "utf-8", "Скидка до \ufffd"),
        ("Скидка €".encode()[:-1], None, "Скидка \ufffd"),
        (b"na\xefve caf\xe9", "utf-8", "naïve café"),
        # Vendors' characters in Japanese charsets.
        (b"\x1b$B-!-j\x1b(B ok", "ISO-2022-JP", "①㈱ ok"),
        (b"\x1b$B-!\x1b(B", "cp50221", "①"),
        (b"\x1b$By!|q\x1b(B", "iso-2022-jp", "纊ⅰ"),
        (b"\x1b(I1\x1b(B", "iso-2022-jp", "ｱ"),
        (b"\xad\xa1\xc6\xfc", "euc-jp", "①日"),
        # Japanese under another name, and another charset under the Japanese name.
        ("日本".encode("iso-2022-jp"), "us-ascii", "日本"),
        ("日本".encode("iso-2022-jp"), None, "日本"),
        ("日本".encode(), "iso-2022-jp", "日本"),
        ("日本".encode("cp932"), "iso-2022-jp", "日本"),
        # A byte order mark says more than the name.
        (codecs.BOM_UTF8 + "да, нет".encode(), "windows-1251", "да, нет"),
        (codecs.BOM_UTF16_LE + "да, нет".encode("utf-16-le"), "utf-8", "да, нет"),
        (codecs.BOM_UTF16_BE + "да, нет".encode("utf-16-be"), None, "да, нет"),
        (b"\xff\xfe buy", None, "ÿþ buy"),
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


@pytest.mark.parametrize(
    ("data", "declared", "inside", "text"),
    [
        ("Скидка".encode("koi8-r"), None, "koi8-r", "Скидка"),
        ("Скидка".encode("koi8-r"), "us-ascii", "koi8-r", "Скидка"),
        ("Скидка".encode("koi8-r"), "no-such", "koi8-r", "Скидка"),
        ("Скидка".encode("koi8-r"), "koi8-r", "windows-1251", "Скидка"),
        # Mail programs convert a mail and leave its HTML as it was.
        ("Скидка".encode(), None, "koi8-r", "Скидка"),
        (b"caf\xe9", None, "utf-16", "café"),
        (b"\x1b$BF|\x1b(B", None, "iso-2022-jp", "日"),
        (b"1 + 1", None, "utf-7", "1 + 1"),
    ],
)
def test_the_charset_that_the_data_name_counts_where_the_mail_names_none(
    data: bytes, declared: str | None, inside: str, text: str
) -> None:
    assert decode(data, declared, inside) == text
