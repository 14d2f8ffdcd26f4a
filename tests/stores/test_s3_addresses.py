"""Wherever an address of S3 has a password, or a part of one, no error shows it."""

from __future__ import annotations

import pytest

from stages.machine.errors import StoreError, UserError
from stages.machine.variables import S3_ENDPOINT, S3_ENDPOINT_FIRST, S3_KEY, S3_REGION, S3_SECRET
from stages.mail.sources.storage import find
from stages.stores.s3 import filesystem
from stages.stores.s3_check import Store, check
from stages.stores.verdicts import kept

MALFORMED = (
    "http://me:Zq7x/K9vW@127.0.0.1:9",
    "http://me:Zq7x@K9vW@127.0.0.1:9",
    "http://me:Zq7x K9vW@127.0.0.1:9",
    "me:Zq7xK9vW@127.0.0.1:9",
    "http:me:Zq7xK9vW@127.0.0.1",
    "http://127.0.0.1:Zq7xK9vW",
)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(S3_ENDPOINT_FIRST, raising=False)
    for name, value in {S3_KEY: "SOMEKEY", S3_SECRET: "Zq7x-K9vW", S3_REGION: "x"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("endpoint", [*MALFORMED, "http://me:Zq7x%40K9vW@127.0.0.1:9"])
def test_an_endpoint(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(S3_ENDPOINT, endpoint)
    for attempt in (lambda: find(["s3://b/*.csv"], "conf"), lambda: kept("s3://b/x")):
        with pytest.raises(UserError, match=S3_ENDPOINT) as caught:
            attempt()
        assert "Zq7x" not in str(caught.value)
        assert "K9vW" not in str(caught.value)


@pytest.mark.parametrize("endpoint", MALFORMED)
def test_a_malformed_endpoint_is_refused_before_a_client_quotes_it(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(S3_ENDPOINT_FIRST, endpoint)
    with pytest.raises(StoreError, match="AWS_ENDPOINT_URL_S3 is malformed"):
        filesystem()


@pytest.mark.parametrize(
    "url", ["s3://KEY:Zq7xK9vW@mail/x", "s3://KEY:Zq7x/K9vW@mail", "s3://Zq7x K9vW@mail"]
)
def test_a_bucket(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(S3_ENDPOINT, "http://127.0.0.1:9")
    with pytest.raises(StoreError, match="not a bucket's name") as caught:
        check(Store(url, "remote.storage.url", "nothing was pushed", "make push"))
    assert "Zq7x" not in str(caught.value)
    assert "K9vW" not in str(caught.value)
