"""What others say is passed on without a secret, and still says what was the matter."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stages.machine.redaction import cleaned, yaml_fault
from tests.machine.test_address import PLANTED, SCHEMES, WITH_OPTION, WITH_PASSWORD

DATABASE = f"postgresql+psycopg://me:{PLANTED}@127.0.0.1:5433/spamline"


@pytest.mark.parametrize(
    ("words", "address", "passed_on"),
    [
        # An address that we do not know, well formed or not.
        (
            "unable to access 'https://user:se@cret@127.0.0.1:9/x.git/': Failed to connect",
            None,
            "unable to access 'https://…': Failed to connect",
        ),
        (
            "unable to access 'https://user:cret@127.0.0.1:9/x.git/': Failed to connect",
            None,
            "unable to access 'https://127.0.0.1:9/x.git/': Failed to connect",
        ),
        ("'https://user:s ecret@h/x.git/': no", None, "'https://… no"),
        ("cannot clone user:pass@host/x: no", None, "cannot clone *** no"),
        ("git@github.com: Permission denied", None, "git@github.com: Permission denied"),
        ("see https://hub/x?token=abc, or so", None, "see https://hub/x, or so"),
        # Pieces of one that we know.
        ('failed for user "me"', DATABASE, 'failed for user "***"'),
        (f"password {PLANTED} is wrong", DATABASE, "password *** is wrong"),
        (
            'no database "spamline" at "127.0.0.1"',
            DATABASE,
            'no database "spamline" at "127.0.0.1"',
        ),
        ("int() with base 10: 'p@ss'", "http://me:p%40ss@h/x", "int() with base 10: '***'"),
        ("not a port: 'sec'", "http://me:sec/ret@h/x", "not a port: '***'"),
        ("no host 'ret:Zq7xK9@h'", "http://me:sec@ret:Zq7xK9@h/x", "no host '***'"),
        ("K9vWtail", "http://me:Zq7xK9vWtail@h/x", "***"),
        ("unsupported 'htp://127.0.0.1'", "htp://127.0.0.1", "unsupported 'htp://127.0.0.1'"),
        # Other forms.
        ("Authorization: Bearer abcdefghij", None, "Authorization: Bearer ***"),
        ("connect(password='abc', user='me')", None, "connect(password=***, user='me')"),
        ("{'secret_key': 'a b'}", None, "{'secret_key': '***'}"),
        ("ghp_0123456789abcdefghij0123 is revoked", None, "*** is revoked"),
        ("invalid token: x is not a key", None, "invalid token: x is not a key"),
        ("two\nlines", None, "two lines"),
    ],
)
def test_the_words_of_others(words: str, address: str | None, passed_on: str) -> None:
    assert cleaned(words, address, environment={}) == passed_on


@pytest.mark.parametrize("form", [*WITH_PASSWORD, *WITH_OPTION])
def test_whatever_was_configured_is_not_repeated(form: str) -> None:
    for scheme in SCHEMES:
        address = form.format(u=scheme, s=f"{PLANTED}/@:x")
        for said in (
            f"cannot open {address}",
            f"at {address.strip()!r}: no",
            f"no '{PLANTED}/@:x'",
        ):
            assert PLANTED not in cleaned(said, address, environment={})


@given(st.sampled_from(WITH_PASSWORD), st.text(max_size=30), st.text(max_size=30))
def test_a_whole_address_that_nobody_knows_is_found(form: str, before: str, after: str) -> None:
    address = form.format(u="https", s=PLANTED).strip()
    if not {" ", "\n"} & set(address):
        assert PLANTED not in cleaned(f"{before} {address} {after}", environment={})


def test_the_secrets_of_this_process_are_known() -> None:
    environment = {
        "AWS_SECRET_ACCESS_KEY": "aws-Zq7xK9vW",
        "GITHUB_TOKEN": "some-Zq7xK9vW",
        "PGPASSWORD": "post-Zq7xK9vW",
        "SPAMLINE_APP_KEY": "-----BEGIN\nZq7xK9vWabcdef\n",
        "HTTPS_PROXY": "http://me:prox-Zq7xK9vW@proxy:3128",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/identity",
        "AWS_ACCESS_KEY_ID": "NAMEOFKEY",
    }
    said = f"{list(environment.values())} Zq7xK9vWabcdef prox-Zq7xK9vW"
    found = cleaned(said, environment=environment)
    assert "Zq7x" not in found
    assert "/run/identity" in found
    assert "NAMEOFKEY" in found


@pytest.mark.parametrize(
    "text",
    [
        f"a: postgresql://me:{PLANTED}@h: x",
        f"a: *{PLANTED}",
        f"a: !{PLANTED} x",
        f"a: @{PLANTED}",
        f"a: [{PLANTED}\n",
        f"a: &{PLANTED} 1\nb: &{PLANTED} 2\nc: *d",
        f"{PLANTED}: {{",
        f"a: '{PLANTED}",
        f"%{PLANTED}\na: 1",
        f"a: {PLANTED}\x01",
    ],
)
def test_a_fault_in_yaml_is_placed_and_not_quoted(text: str) -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        yaml.safe_load(text)
    assert PLANTED not in yaml_fault(caught.value)


def test_a_fault_in_yaml_is_named() -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        yaml.safe_load("seed: [1\nb: 2\n")
    assert "line 2" in yaml_fault(caught.value)
    assert "expected ',' or ']'" in yaml_fault(caught.value)
