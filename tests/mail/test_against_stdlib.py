"""On well-formed mail our bounded reader agrees with the standard library's parser."""

import email
import email.policy
from email.message import EmailMessage
from email.policy import EmailPolicy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.mail.parse import parse_message

# What a message of one language holds, and the charsets that can.
SCRIPTS = {
    "abc xyz ABC 019 .,!?'()<>=_-+": ("us-ascii", "utf-8", "iso-8859-1", "utf-7"),
    "é à ñ ö ß £ © » abc": ("iso-8859-1", "windows-1252", "iso-8859-15", "utf-8"),
    "привет мир всем": ("koi8-r", "windows-1251", "iso-8859-5", "utf-8"),
    "日本語 かな テスト": ("iso-2022-jp", "shift_jis", "euc-jp", "utf-8"),
    "中文 简体 发票": ("gb2312", "gbk", "gb18030", "utf-8"),
    "한국어 광고": ("euc-kr", "utf-8"),
    "שלום": ("iso-8859-8", "windows-1255", "utf-8"),
}
ENCODINGS = ("base64", "quoted-printable", "8bit")
RULE = ("=_mixed", "=_inner")


@st.composite
def writings(draw: st.DrawFn, most: int = 6) -> tuple[str, str]:
    """Return (text of at most `most` lines, charset)."""
    letters, charsets = draw(st.sampled_from(sorted(SCRIPTS.items())))
    line = st.text(st.sampled_from(letters), max_size=60).map(lambda text: text.strip())
    text = "\n".join(draw(st.lists(line, max_size=most)))
    return text, draw(st.sampled_from(charsets))


@st.composite
def leaves(draw: st.DrawFn) -> EmailMessage:
    """Return a text part that is not the whole mail."""
    text, charset = draw(writings())
    part = EmailMessage()
    encoding = draw(st.sampled_from(ENCODINGS if charset != "us-ascii" else ENCODINGS[:2]))
    part.set_content(text, charset=charset, cte=encoding)
    return part


@st.composite
def mails(draw: st.DrawFn) -> EmailMessage:
    """Return a well-formed mail: a subject, and up to three texts, two levels deep."""
    parts = draw(st.lists(leaves(), min_size=1, max_size=3))
    mail = parts[0]
    if len(parts) > 1 or draw(st.booleans()):
        mail = together(parts, RULE[0])
        if draw(st.booleans()):
            mail = together([mail, draw(leaves())], RULE[1])
    subject, _ = draw(writings())
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = "Wed, 21 Aug 2002 12:33:03 +0000"
    return mail


def together(parts: list[EmailMessage], boundary: str) -> EmailMessage:
    whole = EmailMessage()
    whole.make_mixed()
    whole.set_boundary(boundary)
    for part in parts:
        whole.attach(part)
    return whole


def read_by_the_standard_library(raw: bytes) -> tuple[str, str]:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    parts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
    texts = [part.get_content().replace("\r\n", "\n") for part in parts]
    subject = " ".join((mail["Subject"] or "").split())
    return subject, "\n\n".join(text.strip() for text in texts if text.strip())


@given(mails(), st.sampled_from([email.policy.SMTP, email.policy.default]))
@settings(max_examples=200, deadline=None)
def test_generated_mail_is_read_alike(mail: EmailMessage, policy: EmailPolicy) -> None:
    raw = mail.as_bytes(policy=policy)
    found = parse_message(raw)
    assert (found.subject, found.text) == read_by_the_standard_library(raw)


@pytest.mark.parametrize("encoding", ["q", "b"])
@given(writings(most=1))
@settings(max_examples=100, deadline=None)
def test_encoded_words_are_read_alike(encoding: str, writing: tuple[str, str]) -> None:
    from email.charset import BASE64, QP, Charset
    from email.header import Header

    text, name = writing
    charset = Charset(name)
    charset.header_encoding = {"q": QP, "b": BASE64}[encoding]
    raw = b"Subject: " + Header(text, charset).encode().encode() + b"\n\n"
    assert parse_message(raw).subject == read_by_the_standard_library(raw)[0]
