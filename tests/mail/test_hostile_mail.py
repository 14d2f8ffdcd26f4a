"""No mail raises, hangs, or comes out as text that cannot be written."""

import random
import resource
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.mail import characters, headers
from stages.mail.parse import parse_date, parse_message

MAILS = [
    b"Received: by b; Wed, 21 Aug 2002 08:33:03 -0400 (EDT)\nSubject: =?utf-8?b?Y2Fmw6k=?=\n"
    b"Date: Wed, 21 Aug 2002 08:33:03 -0400\nList-Id: <l>\n\nplain text\n-- \nsignature\n",
    b'Content-Type: multipart/alternative; boundary="=_b"\nMIME-Version: 1.0\n\n--=_b\n'
    b"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$BF|K\\\x1b(B\n--=_b\n"
    b"Content-Type: text/html; charset=utf-7\nContent-Transfer-Encoding: quoted-printable\n\n"
    b'<html><body><a href=3D"x">caf=C3=A9</a><!-- c --><script>x</script>&amp;</body>\n--=_b--\n',
    b"Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\n\n--ab\n"
    b"Content-Type: message/rfc822\n\nContent-Transfer-Encoding: base64\n\nY2Fm6Q==\n--ab--\n",
    "Subject: привет\nContent-Type: text/plain; charset=\"koi8-r'en'x\"\n\n".encode()
    + "привет".encode("koi8-r"),
    b"Received: by b (a; b); Wed, 21 Aug 2002 08:33:03.5 +02:00\nX-Odd : 1\nno field\nSubject: a\n"
    b'Content-Type: multipart/mixed (x); boundary="b"\nContent-Transfer-Encoding: base64\n\n--b\n'
    b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\0\0\1\x0c\x80\2\0\3\0\0\0abc\0\0\n--b\n"
    b"Content-Type: application/pkcs7-mime\n\n0\x80\6\x09*\x86H\x86\xf7\r\1\7\2\xa0\x80\n--b\n"
    b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n#0V%T\n`\nend\n--b--\n",
]
TOKENS = [b"=?", b"?=", b"?b?", b"\n\n", b"\n ", b"--", b"--=_b\n", b"\x00", b"\xff", b"boundary="]
TOKENS += [
    b"charset*=utf-8''%ff",
    b";",
    b'"',
    b"<!--",
    b"<script>",
    b"&#",
    b"=\n",
    b"\r",
    b"\x1b$B",
]
TOKENS += [
    b"charset=iso-2022-jp ",
    b"-!",
    b"(",
    b"==",
    b"begin 644 x\n",
    b"x : y\n",
    b"\xef\xbb\xbf",
]
TOKENS += [b"<meta charset=big5>", b"<!-->", b"\xff\xfe", "\u200b".encode(), b"0\x80", b"+02:00"]
TOKENS += [b"Content-Type: message/rfc822\n\n", b"Date: 1 Jan 99999 1:1:1 +9999\n", b"+2AA-"]


def check(raw: bytes) -> None:
    mail = parse_message(raw)
    assert parse_date(raw) == mail.received_at or len(raw) > headers.MAX_HEADER_BYTES
    assert len(mail.subject) <= characters.MAX_SUBJECT_CHARS
    assert len(mail.text) <= characters.MAX_TEXT_CHARS
    assert "\0" not in (mail.subject + mail.text)
    assert "\n" not in mail.subject
    (mail.subject + mail.text).encode("utf-8")


def mutated(rng: random.Random) -> bytes:
    raw = bytearray(rng.choice(MAILS))
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(raw) + 1)
        match rng.randrange(5):
            case 0:
                raw[at:at] = rng.choice(TOKENS)
            case 1:
                raw[at : at + rng.randint(1, 20)] = rng.randbytes(rng.randint(0, 20))
            case 2:
                del raw[at : at + rng.randint(1, 60)]
            case 3:
                other = rng.choice(MAILS)
                cut = rng.randrange(len(other))
                raw[at:at] = other[cut : cut + 200]
            case 4:
                raw[at:at] = rng.choice(TOKENS) * rng.randint(2, 200)
    return bytes(raw)


def test_ten_thousand_mutated_mails_never_raise() -> None:
    rng = random.Random(0)
    slowest = 0.0
    for _ in range(10_000):
        raw = mutated(rng)
        began = time.process_time()
        check(raw)
        slowest = max(slowest, time.process_time() - began)
    # Measured: a few milliseconds.
    assert slowest < 1


@given(st.binary(max_size=2_000))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    check(raw)


@given(st.lists(st.sampled_from(TOKENS + MAILS) | st.binary(max_size=20), max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_mixture_of_mail_is_a_mail(pieces: list[bytes]) -> None:
    check(b"".join(pieces))


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        # 25 kB of this made a tree-building HTML parser allocate 1.3 GB.
        (
            b"Content-Type: text/html\n\n<p>" + b"".join(b"<b a%d>" % n for n in range(9_999)),
            b"<p>x",
        ),
        (b"Content-Type: text/html\n\n", b"<div>"),
        (b"Content-Type: text/html\n\n", b"<!--"),
        (b"Content-Type: multipart/mixed; boundary=x\n\n", b"--x\n\na\n"),
        (b"Content-Type: multipart/mixed; boundary=x\n\n--x", b" \t"),
        (b"", b"Content-Type: multipart/mixed; boundary=x\n\n--x\n"),
        (b"", b"Content-Type: message/rfc822\n\n"),
        (b"Content-Transfer-Encoding: base64\n\n", b"QUJD"),
        (b"Content-Transfer-Encoding: quoted-printable\n\n", b"=\n"),
        (b"", b"Received: ;;;; Wed, 21 Aug 2102 08:33:03 -0400\n"),
        (b"Subject: ", b"=?a?q?"),
        (b"Subject: ", b"=?utf-8?q?=C3?= "),
        (b"Subject: x", b"\n "),
        (b"Content-Type: ", b';a*0*="'),
        (b"Content-Type: text/html\n\n", b"<a b='>"),
        (b"Content-Type: text/html\n\n", b'<a b=">" '),
        (b"Content-Type: text/html\n\n", b"<meta "),
        (b"Content-Type: text/plain; charset=iso-2022-jp\n\n", b"\xff"),
        (b"Content-Type: text/plain; charset=iso-2022-jp\n\n", b"\x1b$B-!2q"),
        (b"Content-Type: text/plain; charset=iso-2022-jp\n\n", b"a\xff"),
        (b"Content-Type: text/plain; charset=euc-jp\n\n", b"\xad\xa1\xff"),
        (b"Content-Type: text/plain; charset=utf-8\n\n", b"\xe1 \xd0\xb1"),
        (b"Content-Type: text/plain; charset=utf-8\n\n", "\u200b\u200c".encode()),
        (b"Content-Transfer-Encoding: base64\n\n", b"QQ=="),
        (b"Content-Transfer-Encoding: base64\n\n", b"A\n"),
        (b"Content-Transfer-Encoding: base64\n\n", b"A*"),
        (b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n", b"#0V%T\n"),
        (b"Content-Transfer-Encoding: x-uuencode\n\n", b"begin 644 x\n"),
        (b"Content-Transfer-Encoding: quoted-printable\n\n", b"= "),
        (b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\0\0", b"\0" * 11),
        (b"Content-Type: application/pkcs7-mime\n\n", b"0\x80"),
        (b"Subject: a\n", b"odd\nX: "),
        (b"Subject: a\n", b"a "),
        (b"Received: by b; ", b"("),
        (b"Received: by b; ", b'"'),
        (b"", b"Received: ((((((\n"),
        (b"", b"\r"),
        (b"", b"\x00"),
    ],
)
@pytest.mark.parametrize("size", [200_000, 5_000_000])
def test_time_and_memory_are_bounded(head: bytes, piece: bytes, size: int) -> None:
    raw = head + piece * (size // len(piece)) + b"\n\nbody"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    check(raw)
    # Measured: 1.1 s at most, most of them 0.3 s; 50 MB.
    assert time.process_time() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 250_000
