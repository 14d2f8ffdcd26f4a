"""The monitoring history: one row for each verdict, in SQLite here and in PostgreSQL for a team.

The adapter of SQLAlchemy. A row is keyed by model and window and made from the verdict's JSON
alone, so that writing twice changes nothing and `data/monitor/drift.json` of any commit rebuilds
its row.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.errors import DataError, StoreError
from stages.files import read_json

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, MetaData, Table

HISTORY = Path("data/monitor/history.db")
VARIABLE = "SPAMLINE_HISTORY_URL"
TABLE = "embedding_drift_metrics"
KEY = ("model", "window_from", "window_to")
STATISTICS = ("domain_classifier", "mmd", "cosine")
# Of `stages.drift.comparison.Statistic`.
_NUMBERS = ("value", "threshold", "p_value", "ratio", "effect")


def history_url(configured: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the history's address: of the environment, else as configured, else `HISTORY`."""
    return environment.get(VARIABLE) or configured or f"sqlite:///{HISTORY.resolve()}"


def record(url: str, verdicts: Iterable[Mapping[str, Any]]) -> None:
    """Insert the rows of `verdicts`, or update those that are there; the table is made if absent.

    Args:
        url: of SQLAlchemy's: `sqlite:////absolute/path`, `postgresql+psycopg://…`.
        verdicts: `Verdict.to_json` each. All are written, or none.

    Raises:
        DataError: something is no verdict.
        StoreError: the database cannot be reached, or is none, or has another table of that name.
    """
    rows = [_row(verdict) for verdict in verdicts]
    with _connection(url) as connection:
        table = _table(connection)
        for row in rows:
            connection.execute(_upsert(connection.dialect.name, table, row))


def rebuild(url: str, files: Iterable[Path]) -> None:
    """Record the verdict files `files`; rows of other models and windows stay as they are.

    Raises:
        DataError: a file is no verdict.
        StoreError: see `record`.
    """
    record(url, [_read_verdict(path) for path in files])


def _read_verdict(path: Path) -> Mapping[str, Any]:
    try:
        verdict = read_json(path)
        _row(verdict)
    except (OSError, ValueError, DataError) as error:
        raise DataError(
            f"{path} is no verdict ({type(error).__name__})",
            expected="a file that the monitor stage wrote",
            mend="leave it out, or `dvc repro monitor`",
        ) from error
    return dict(verdict)


def _row(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a verdict; statistics that it lacks (not enough mail) are null."""
    try:
        window, quality = verdict["window"], verdict["quality"] or {}
        row = {
            "model": verdict["model"],
            "window_from": dt.date.fromisoformat(window["from"]),
            "window_to": dt.date.fromisoformat(window["to"]),
            "decision": verdict["decision"],
            "messages": window["messages"],
            "reference_messages": verdict["reference"]["messages"],
            "votes": verdict["votes"],
            "p_value": verdict["p_value"],
            "predicted_spam_share": window["predicted_spam_share"],
            "realised_one_minus_auc_percent": quality.get("one_minus_auc_percent"),
        }
        for name in STATISTICS:
            statistic = verdict["statistics"].get(name, {})
            row |= {f"{name}_{key}": statistic.get(key) for key in (*_NUMBERS, "voted")}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(
            f"no verdict: {error!r}",
            expected="what `Verdict.to_json` returns",
            mend="dvc repro monitor",
        ) from error
    return row


def _table(connection: Connection) -> Table:
    """Return the table, made if absent; it is never dropped."""
    from sqlalchemy import MetaData

    metadata = MetaData()
    table = _definition(metadata)
    metadata.create_all(connection)
    return table


def _definition(metadata: MetaData) -> Table:
    from sqlalchemy import Boolean, Column, Date, Double, Integer, String, Table

    numbers = [Column(f"{name}_{key}", Double) for name in STATISTICS for key in _NUMBERS]
    return Table(
        TABLE,
        metadata,
        Column("model", String(64), primary_key=True),
        Column("window_from", Date, primary_key=True),
        Column("window_to", Date, primary_key=True),
        Column("decision", String(32), nullable=False),
        Column("messages", Integer, nullable=False),
        Column("reference_messages", Integer, nullable=False),
        Column("votes", Integer, nullable=False),
        Column("p_value", Double),
        Column("predicted_spam_share", Double),
        Column("realised_one_minus_auc_percent", Double),
        *numbers,
        *(Column(f"{name}_voted", Boolean) for name in STATISTICS),
    )


def _upsert(dialect: str, table: Table, row: Mapping[str, Any]) -> Any:
    """Return the statement that inserts `row`, or updates the row of its key."""
    from sqlalchemy.dialects import postgresql, sqlite

    changed = {name: value for name, value in row.items() if name not in KEY}
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).values(row).on_conflict_do_update(index_elements=KEY, set_=changed)


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    """Yield a connection in one transaction; what fails becomes one line without the password."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    parsed = _parsed(url)
    # Both drivers take a limit in seconds, each under its own name.
    limit = {"sqlite": {"timeout": 10}, "postgresql": {"connect_timeout": 5}}
    try:
        if parsed.database and parsed.get_backend_name() == "sqlite":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            parsed, poolclass=NullPool, connect_args=limit[parsed.get_backend_name()]
        )
        with engine.begin() as connection:
            yield connection
    except (SQLAlchemyError, ImportError, OSError) as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise _no_store(f"{parsed.render_as_string()}: {cause}") from error


def _parsed(url: str) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        # The text is not shown: it may hold a password.
        raise _no_store("the address is no database URL") from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise _no_store(f"{parsed.render_as_string()} is neither SQLite nor PostgreSQL")
    return parsed


def _no_store(found: str) -> StoreError:
    return StoreError(
        f"the verdict is written but the monitoring history is not: {found}",
        expected=f"a database that answers, with our table {TABLE} or none of that name",
        mend=f"start it, or correct drift.history_url or {VARIABLE}, then `dvc repro monitor`",
    )
