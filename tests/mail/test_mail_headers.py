import re
from pathlib import Path

import pytest

from stages.mail import characters
from stages.mail.headers import Headers, is_list, split, subject


def of(block: bytes) -> Headers:
    return split(block + b"\n\nbody")[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?q?caf=C3=A9?=", "café"),
        (b"=?ISO-8859-1?B?Y2Fm6Q==?= au lait", "café au lait"),
        # The space between two encoded words is not text, and a character may be cut in two.
        (b"=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"),
        (b"=?utf-8*en?q?hello?=", "hello"),
        (b"=?no-such?q?caf=C3=A9?=", "café"),
        (b"=?utf-8?b?!!!?= odd", "odd"),
        (b"=?utf-8?b?YWJjZ?= odd", "=?utf-8?b?YWJjZ?= odd"),
        (b"raw caf\xc3\xa9 and caf\xe9", "raw cafÃ© and café"),
        (b"folded\n  line\n\tagain", "folded line again"),
        (b"\\u0041 \\U99999999", "\\u0041 \\U99999999"),
        (b"=?utf-8?q?two=0Alines=00?=", "two lines"),
    ],
)
def test_subjects_are_decoded(value: bytes, text: str) -> None:
    assert subject(of(b"Subject: " + value)) == text


def test_a_subject_has_a_longest_length() -> None:
    assert len(subject(of(b"Subject: " + b"x" * 100_000))) == characters.MAX_SUBJECT_CHARS


def test_no_subject_is_an_empty_one() -> None:
    assert subject(of(b"From: a@example.org")) == ""


@pytest.mark.parametrize(
    "raw", [b"Subject: a\n\nbody", b"From x Mon\nSubject: a\n\nbody", b"Subject: a\nbody"]
)
def test_headers_end_at_a_blank_line_or_at_a_line_that_is_none(raw: bytes) -> None:
    found, body = split(raw)
    assert (subject(found), body) == ("a", b"body")


@pytest.mark.parametrize(
    "odd",
    [
        b"X-Flag : 1",
        "X-Größe: 1".encode(),
        "Größe der Datei: 1".encode("latin-1"),
        b"X-Long: a line that\nis not folded",
        b"X-Long: lines that\nare\nnot folded",
        b"From someone Mon Mar  4 10:00:00 2024",
        b">From someone Mon Mar  4 10:00:00 2024",
        b": no name",
        b"no colon",
    ],
)
def test_an_odd_line_does_not_end_the_headers(odd: bytes) -> None:
    found, body = split(b"To: b\n" + odd + b"\nSubject: a\nX-End: 1\n\nbody")
    assert (subject(found), body) == ("a", b"body")


@pytest.mark.parametrize(
    "body",
    [
        b"Hello\nNote: this\n\nmore",
        b"one\ntwo\nthree\nfour\nSubject: quoted",
        b"a\n\nSubject: quoted",
    ],
)
def test_a_body_without_a_blank_line_stays_whole(body: bytes) -> None:
    assert split(b"Subject: a\n" + body)[1] == body


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (b"text/plain; charset=koi8-r", "Скидка".encode("koi8-r")),
        (b"text/plain; charset=koi8-r", "Скидка".encode()),
        (b"text/plain; charset=iso-2022-jp", "割引".encode("iso-2022-jp")),
        (b"multipart/mixed; charset=big5", "發票".encode("big5")),
    ],
)
def test_a_bare_subject_has_the_charset_of_the_mail(kind: bytes, raw: bytes) -> None:
    text = subject(of(b"Content-Type: " + kind + b"\nSubject: " + raw))
    assert text in ("Скидка", "割引", "發票")


def test_a_mail_without_headers_is_all_body() -> None:
    assert split(b"\nbody")[1] == b"body"
    assert split(b"no header here\n\nmore")[1] == b"no header here\n\nmore"


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"List-Id: <x.example.org>", True),
        (b"X-BeenThere: x@example.org", True),
        (b"Precedence: List", True),
        (b"Precedence: bulk", False),
        (b"List-Unsubscribe: <mailto:x@example.org>", False),
    ],
)
def test_list_mail_is_known_by_its_headers(block: bytes, expected: bool) -> None:
    assert is_list(of(block)) is expected


def test_no_expression_has_a_possessive_group(root: Path) -> None:
    """Python before 3.11.5 matches `(?:ab?)*+` wrongly: Debian 12 has 3.11.2."""
    for path in (root / "stages/mail").rglob("*.py"):
        assert not re.findall(r"(?<!\\)\)(?:[*+?]|\{[\d,]+\})\+", path.read_text()), path
