import base64
import datetime as dt
import quopri
from binascii import b2a_uu
from collections.abc import Callable

import pytest

from stages.mail import characters, mime, parse
from stages.mail.parse import parse_message

ALTERNATIVE = b"""Content-Type: multipart/alternative; boundary="x y"

preamble
--x y
Content-Type: text/plain; charset=utf-8

%s
--x y
Content-Type: text/html

<p>in <b>HTML</b></p>
--x y--
epilogue
"""


def test_a_plain_mail() -> None:
    mail = parse_message(
        b"Received: by b; Wed, 21 Aug 2002 08:33:03 -0400\r\nSubject: Hi\r\nList-Id: <l>\r\n"
        b"\r\none\r\ntwo\r\n"
    )
    assert mail == parse.ParsedMessage(
        subject="Hi",
        text="one\ntwo",
        is_html=False,
        is_list=True,
        received_at=dt.datetime(2002, 8, 21, 12, 33, 3, tzinfo=dt.UTC),
    )


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        ("quoted-printable", b"caf=E9 so=\nft =zz", "café soft =zz"),
        ("base64", base64.encodebytes("café".encode("cp1252")), "café"),
        # A list's footer behind the padding is not base64; stray characters are skipped.
        ("base64", b"Y2F*m\n6Q==\n____\nfooter", "café"),
        ("base64", b"Y2Fm6", "caf"),
        ("8bit", b"caf\xe9", "café"),
        ("x-unknown", b"as it is", "as it is"),
    ],
)
def test_transfer_encodings(head: str, body: bytes, text: str) -> None:
    raw = f"Content-Transfer-Encoding: {head}\nContent-Type: text/plain; charset=iso-8859-1\n\n"
    assert parse_message(raw.encode() + body).text == text


def test_of_alternatives_the_plain_one_is_read() -> None:
    mail = parse_message(ALTERNATIVE % b"in plain")
    assert (mail.text, mail.is_html) == ("in plain", True)


def test_an_empty_alternative_falls_back_to_html() -> None:
    mail = parse_message(ALTERNATIVE % b" ")
    assert (mail.text, mail.is_html) == ("in HTML", True)


def test_a_placeholder_falls_back_to_what_people_read() -> None:
    raw = (ALTERNATIVE % b"No HTML?").replace(b"<b>HTML</b>", b"the <b>HTML</b> " * 20)
    assert parse_message(raw).text.startswith("in the HTML the HTML")


def test_all_texts_of_a_mixed_mail_are_read_and_attachments_are_not() -> None:
    mail = parse_message(
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        b"--b\n\nfirst\n"
        b"--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw==\n"
        b"--b  \nContent-Type: message/rfc822\n\nSubject: inner\n\nforwarded\n"
        b"--b\nContent-Type: text/html; charset=utf-8\n\n<p>last\xc3\xa9\n"
    )
    assert mail.text == "first\n\nforwarded\n\nlasté"
    assert mail.is_html


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("base64", base64.encodebytes),
        ("quoted-printable", quopri.encodestring),
        # Forbidden and without meaning: the boundaries stand in the body as it is.
        ("quoted-printable", lambda body: body),
        ("base64", lambda body: body),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_encoded_multipart_is_read_part_by_part(
    encoding: str, encode: Callable[[bytes], bytes], end: bytes
) -> None:
    head, _, body = (ALTERNATIVE % b"in plain").partition(b"\n\n")
    head += f"\nContent-Transfer-Encoding: {encoding}\n\n".encode()
    mail = parse_message(head + encode(body.replace(b"\n", end)))
    assert (mail.text, mail.is_html) == ("in plain", True)


def test_an_encoded_mail_in_a_mail_is_read() -> None:
    inner = base64.encodebytes(b"Subject: inner\r\n\r\nforwarded\r\n")
    raw = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + inner
    assert parse_message(raw).text == "forwarded"


def test_uuencoded_text_is_read() -> None:
    head = b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: x-uuencode\n\n"
    assert parse_message(head + b"begin 644 x\n" + b2a_uu("é".encode()) + b"`\nend\n").text == "é"


@pytest.mark.parametrize(
    ("kind", "head", "text"),
    [
        (b"text/html", b'<meta charset="koi8-r">', "Скидка"),
        (b"text/html; charset=us-ascii", b"<meta content='text/html; charset=koi8-r'>", "Скидка"),
        (b"text/html; charset=koi8-r", b"<meta charset=big5>", "Скидка"),
    ],
)
def test_html_says_its_own_charset_where_the_mail_does_not(
    kind: bytes, head: bytes, text: str
) -> None:
    raw = b"Content-Type: " + kind + b"\n\n<html><head>" + head + b"</head>" + text.encode("koi8-r")
    assert parse_message(raw).text == text


@pytest.mark.parametrize("kind", ["text/html (a; b)", '"text/html"', "text/html charset=us-ascii"])
def test_a_comment_or_quotes_or_no_semicolon_do_not_hide_the_kind(kind: str) -> None:
    raw = f'Content-Type: {kind}\nContent-Transfer-Encoding: (so) "Base64"; x\n\n'
    mail = parse_message(raw.encode() + base64.encodebytes(b"<p>shown</p>"))
    assert (mail.text, mail.is_html) == ("shown", True)


def test_html_under_a_plain_name_is_read_as_html() -> None:
    mail = parse_message(b"Content-Type: text/plain\n\n <HTML><body><p>buy</p>")
    assert (mail.text, mail.is_html) == ("buy", True)


@pytest.mark.parametrize(
    "kind", [b"multipart/mixed", b"multipart/mixed; boundary=missing", b"rubbish", b"text", b";;"]
)
def test_a_broken_content_type_still_shows_the_body(kind: bytes) -> None:
    assert parse_message(b"Content-Type: " + kind + b"\n\nbody").text == "body"


def test_nothing_at_all_is_an_empty_message() -> None:
    assert parse_message(b"") == parse.ParsedMessage("", "", False, False, None)


def test_text_has_a_longest_length() -> None:
    assert len(parse_message(b"\n" + b"x" * 3_000_000).text) == characters.MAX_TEXT_CHARS


def test_parts_beyond_the_budget_are_not_read() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nword\n" * 1_000
    assert parse_message(raw).text.count("word") == mime.MAX_PARTS - 1


def test_levels_beyond_the_deepest_are_not_read() -> None:
    def nested(levels: int) -> bytes:
        head = "Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n"
        return ("".join(head.format(level) for level in range(levels)) + "\nword").encode()

    assert parse_message(nested(mime.MAX_DEPTH)).text == "word"
    assert parse_message(nested(mime.MAX_DEPTH + 1)).text == ""
    assert parse_message(nested(50_000)).text == ""
