"""The adapter of SQLAlchemy: transactions on the history, whose errors are one line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.address import shown
from stages.machine.errors import StoreError
from stages.machine.redaction import cleaned
from stages.machine.variables import HISTORY_URL
from stages.stores.history.address import is_absent_file, no_store, parse_address
from stages.stores.history.table import TABLE, Row
from stages.stores.history.upgrade import newest, revision

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

# Both drivers take a limit in seconds, each under its own name.
_LIMITS = {"sqlite": {"timeout": 10}, "postgresql": {"connect_timeout": 5}}
# What SQLite says of a file that is none of its own, or no longer.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NOT_WRITTEN = "the verdict is written but the monitoring history is not"
_NOT_READ = "the monitoring history cannot be read"


@contextmanager
def writing(url: str) -> Iterator[Connection]:
    """Yield a connection in one transaction: all that is done in it is kept, or nothing.

    Raises:
        StoreError: the database cannot be reached, or refuses; the line has no password.
    """
    parsed = parse_address(url, _NOT_WRITTEN)
    with _one_line(url, _NOT_WRITTEN):
        if parsed.database and parsed.get_backend_name() == "sqlite":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # IMMEDIATE: who is to write waits for its turn before it looks what is there.
        with _engine(parsed, begin="BEGIN IMMEDIATE").begin() as connection:
            yield connection


@contextmanager
def reading(url: str) -> Iterator[Connection | None]:
    """Yield a connection for reading the up-to-date table, or None where no history is yet.

    Raises:
        StoreError: the database cannot be reached, or its table is not of this code.
    """
    parsed = parse_address(url, _NOT_READ)
    with _one_line(url, _NOT_READ):
        if is_absent_file(parsed):
            yield None
            return
        with _engine(parsed, begin="BEGIN").begin() as connection:
            found = revision(connection)
            if found not in (None, newest()):
                raise StoreError(
                    f"{_NOT_READ}: the table {TABLE} at {shown(url)} is of {found}",
                    expected=f"revision {newest()}",
                    fix="`python -m stages history` brings an older one up to date; for a newer "
                    "one, update the checkout",
                )
            yield connection if found else None


def select(connection: Connection, sql: str) -> list[Row]:
    """Return the rows that the query `sql` finds."""
    from sqlalchemy import text

    return [dict(row) for row in connection.execute(text(sql)).mappings()]


def _engine(parsed: URL, *, begin: str) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    backend = parsed.get_backend_name()
    engine = create_engine(parsed, poolclass=NullPool, connect_args=_LIMITS[backend])
    if backend == "sqlite":
        # Left alone, Python's driver begins no transaction before a CREATE or ALTER TABLE.
        @event.listens_for(engine, "connect")
        def _(connection: object, _: object) -> None:
            connection.isolation_level = None  # type: ignore[attr-defined]

        @event.listens_for(engine, "begin")
        def _(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


@contextmanager
def _one_line(url: str, failed: str) -> Iterator[None]:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, ImportError, OSError) as error:
        original = getattr(error, "orig", None) or error
        lines = str(original).strip().splitlines() or [""]
        cause = cleaned(lines[0], url) or type(error).__name__
        found = f"{failed}: {shown(url)}: {cause[:300]}"
        if getattr(original, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            raise StoreError(
                found,
                expected="a whole SQLite file",
                fix=f"correct {HISTORY_URL}, or remove the file, then `python -m stages history`, "
                "which writes it again from the kept verdicts",
            ) from error
        raise no_store(found) from error
