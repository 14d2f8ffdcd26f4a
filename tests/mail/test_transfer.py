import base64

import pytest

from stages.mail.transfer import unpack

LONG = b"Dear friend, this is a long enough letter to fill more than one line of base64.\n" * 3
UU = b"begin 644 mail.txt\n#0V%T\n`\nend\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (base64.encodebytes(LONG), LONG),
        # Each piece has its own padding.
        (base64.encodebytes(b"one ") + base64.encodebytes(b"two"), b"one two"),
        (b"b25lIA==dHdv", b"one two"),
        (base64.encodebytes(LONG + b"1") * 3, (LONG + b"1") * 3),
        (base64.encodebytes(LONG).replace(b"\n", b" "), LONG),
        # Lists append text.
        (base64.encodebytes(b"one ") + b"____\nA list, of somebody\n", b"one "),
        (base64.encodebytes(LONG) + b"-- \nA list, of somebody\n", LONG),
        (base64.encodebytes(b"one ") + b"footer\n", b"one "),
        # Plain text under a wrong name.
        (b"Dear customer, your parcel waits.\nPay.", b"Dear customer, your parcel waits.\nPay."),
        (b"Hello,\n\nplease pay now.\n", b"Hello,\n\nplease pay now.\n"),
        (b"Hello\nplease pay now.\n", b"Hello\nplease pay now.\n"),
        ("Добрый день".encode("koi8-r"), "Добрый день".encode("koi8-r")),
        (b"", b""),
        (b"  \n" + base64.encodebytes("日本".encode("utf-16")), "日本".encode("utf-16")),
    ],
)
def test_base64_is_read_to_its_end_and_plain_text_stays(body: bytes, expected: bytes) -> None:
    assert unpack("base64", body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"soft =\nbreak", b"soft break"),
        (b"soft = \t\nbreak", b"soft break"),
        (b"=c3=A9 =zz =4", b"\xc3\xa9 =zz =4"),
        (b"at the end=", b"at the end"),
        (b"raw \xe9", b"raw \xe9"),
    ],
)
def test_quoted_printable_oddities(body: bytes, expected: bytes) -> None:
    assert unpack("quotedprintable", body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (UU, b"Cat"),
        (b"See below.\n\n" + UU + b"-- \nbye\n", b"Cat"),
        (UU.replace(b"#0V%T", b"#0V%T  "), b"Cat"),
        (b"no beginning", b"no beginning"),
        (b"begin 644 x\nrubbish \xff\xff\nend", b""),
    ],
)
def test_uuencoded_text(body: bytes, expected: bytes) -> None:
    assert unpack("xuuencode", body) == expected


def test_an_unknown_encoding_changes_nothing() -> None:
    assert unpack("xgzip", b"as it is") == b"as it is"
