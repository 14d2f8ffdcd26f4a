"""A history on each of the two databases, and a place in the real S3."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def empty_postgres(postgres_environment: dict[str, str]) -> Iterator[str]:
    """The address of the real PostgreSQL, in which there is no history yet."""
    url = postgres_environment["SPAMLINE_HISTORY_URL"]
    _drop(url)
    yield url
    _drop(url)


def _drop(url: str) -> None:
    tables = "embedding_drift_metrics, spamline_alembic_version"
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text(f"DROP TABLE IF EXISTS {tables}"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'history.db'}"
    address: str = request.getfixturevalue("empty_postgres")
    return address


@pytest.fixture
def query(database: str) -> Query:
    """Run one statement on `database`, as any client does; return its rows."""

    def run(statement: str) -> list[tuple[Any, ...]]:
        with create_engine(database, poolclass=NullPool).begin() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    return run


@pytest.fixture
def s3_place(s3_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty prefix of the bucket, `s3://bucket/prefix`; this process may read and write it."""
    for name, value in s3_environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return f"s3://spamline/test-{uuid.uuid4().hex[:8]}"
