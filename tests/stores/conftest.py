"""The real S3 server as this process's environment names it, and a place of its own in it."""

from __future__ import annotations

import uuid

import pytest


@pytest.fixture
def s3_place(s3_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty prefix of the bucket, `s3://bucket/prefix`; this process may read and write it."""
    for name, value in s3_environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return f"s3://spamline/test-{uuid.uuid4().hex[:8]}"
