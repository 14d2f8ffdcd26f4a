"""Mails that are an attachment: Outlook's TNEF, signed and encrypted S/MIME, PGP."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from stages.mail.parse import ParsedMessage, parse_message

INNER = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Grüße</p>\r\n".encode()
SIGNED_DATA = "06092a864886f70d010702"
DATA = "06092a864886f70d010701"


def tnef(*attributes: tuple[int, bytes]) -> bytes:
    """Return winmail.dat with (id, value) of each attribute."""
    data = bytes.fromhex("789f3e22") + b"\1\0"
    for number, value in attributes:
        data += b"\1" + number.to_bytes(4, "little") + len(value).to_bytes(4, "little") + value
        data += (sum(value) & 0xFFFF).to_bytes(2, "little")
    return data


def mail(kind: str, data: bytes, more: str = "") -> ParsedMessage:
    head = f"Subject: s\nContent-Type: {kind}\n{more}Content-Transfer-Encoding: base64\n\n"
    return parse_message(head.encode() + base64.encodebytes(data))


def element(tag: int, *contents: bytes, indefinite: bool = False) -> bytes:
    """Return a DER element, or a BER one whose end is marked."""
    value = b"".join(contents)
    if indefinite:
        return bytes([tag, 0x80]) + value + b"\0\0"
    length = len(value)
    if length < 128:
        return bytes([tag, length]) + value
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + value


def signed(octets: bytes, indefinite: bool = False, oid: str = SIGNED_DATA) -> bytes:
    def wrap(tag: int, *contents: bytes) -> bytes:
        return element(tag, *contents, indefinite=indefinite)

    inner = wrap(0x30, bytes.fromhex(DATA), wrap(0xA0, octets))
    version, digests = element(2, b"\1"), element(0x31, element(0x30, b""))
    return wrap(0x30, bytes.fromhex(oid), wrap(0xA0, wrap(0x30, version, digests, inner)))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("application/ms-tnef; name=winmail.dat", ""),
        ("application/vnd.ms-tnef", ""),
        ("application/octet-stream; name=WINMAIL.DAT", ""),
        ("application/octet-stream", "Content-Disposition: attachment; filename=winmail.dat\n"),
    ],
)
def test_the_plain_text_in_tnef_is_read(kind: str, more: str) -> None:
    code_page = (1251).to_bytes(4, "little") + bytes(4)
    body = "скидка\r\nдля вас".encode("cp1251") + b"\0"
    found = mail(kind, tnef((0x69007, code_page), (0x18004, b"s\0"), (0x2800C, body)), more)
    assert (found.text, found.sealed) == ("скидка\nдля вас", None)


@pytest.mark.parametrize("data", [tnef((0x18004, b"s\0")), tnef(), b"rubbish", tnef()[:5], b""])
def test_tnef_without_plain_text_is_said(data: bytes) -> None:
    found = mail("application/ms-tnef", data)
    assert (found.text, found.sealed) == ("", "tnef")


@pytest.mark.parametrize("kind", ["application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"])
@pytest.mark.parametrize(
    "data",
    [
        signed(element(4, INNER)),
        signed(element(4, INNER * 9)),
        signed(element(4, INNER), indefinite=True),
        signed(element(0x24, element(4, INNER[:20]), element(4, INNER[20:])), indefinite=True),
        signed(element(0x24, element(4, INNER[:9]), element(4, INNER[9:]), indefinite=True)),
    ],
)
def test_a_mail_signed_in_one_piece_is_read(kind: str, data: bytes) -> None:
    found = mail(kind, data)
    assert found.text.splitlines()[0] == "Grüße"
    assert (found.is_html, found.sealed) == (True, None)


ENVELOPED = SIGNED_DATA[:-2] + "03"


@pytest.mark.parametrize(
    "data",
    [
        signed(element(4, INNER), oid=ENVELOPED),
        signed(element(5, INNER)),
        signed(element(0x24, element(0x24, INNER))),
        signed(b""),
        signed(element(4, INNER))[:20],
        b"\x30\x84\xff\xff\xff\xff",
        b"0" * 5_000,
        b"\x30\x80" * 5_000,
        b"",
    ],
)
def test_an_encrypted_or_broken_one_is_said(data: bytes) -> None:
    found = mail("application/pkcs7-mime", data)
    assert (found.text, found.sealed) == ("", "smime")


def test_pgp_is_said_and_a_text_beside_it_is_the_text() -> None:
    head = b'Content-Type: multipart/encrypted; boundary="b"\n\n'
    parts = b"--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
    parts += b"--b\nContent-Type: application/octet-stream\n\nx\n"
    assert parse_message(head + parts).sealed == "pgp"
    beside = parse_message(head + b"--b\n\nread me\n" + parts)
    assert (beside.text, beside.sealed) == ("read me", None)


def test_other_attachments_are_not_sealed_mail() -> None:
    assert mail("application/pkcs7-signature; name=smime.p7s", signed(b"")).sealed is None
    assert mail("application/pdf", b"%PDF").sealed is None


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("more", [[], ["-stream"]])
def test_what_openssl_signs_is_read(tmp_path: Path, more: list[str]) -> None:
    mail_file, key, certificate = (str(tmp_path / name) for name in ("mail", "key", "certificate"))
    Path(mail_file).write_bytes(INNER)
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a"]
    subprocess.run([*new, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    sign = ["openssl", "cms", "-sign", "-nodetach", "-binary", "-in", mail_file, "-subject", "s"]
    sign += ["-signer", certificate, "-inkey", key, *more]
    signed_mail = subprocess.run(sign, check=True, capture_output=True).stdout
    assert parse_message(signed_mail).text == "Grüße"
