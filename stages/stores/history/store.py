"""Writing verdicts into the history."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.errors import DataError
from stages.records.verdict import Verdict, parse_verdict
from stages.stores.history.database import writing
from stages.stores.history.table import KEY, TABLE, row
from stages.stores.history.upgrade import bring_up_to_date

if TYPE_CHECKING:
    from sqlalchemy import Insert, Table


def record(url: str, verdicts: Iterable[Verdict]) -> None:
    """Insert the rows of `verdicts`, or update those that are there.

    The table is made if absent and brought up to date if it is of earlier code.

    Args:
        url: in SQLAlchemy's form: `sqlite:////absolute/path`, `postgresql+psycopg://…`.
        verdicts: all are written, or none.

    Raises:
        StoreError: the database cannot be reached, or is none, or is of later code, or has another
            table of that name.
    """
    from sqlalchemy import MetaData, Table

    rows = [row(verdict) for verdict in verdicts]
    with writing(url) as connection:
        bring_up_to_date(connection)
        # As the migrations made it: what has no column there, as a later statistic, is not kept.
        table = Table(TABLE, MetaData(), autoload_with=connection)
        if rows:
            columns = [column.name for column in table.columns]
            connection.execute(
                upsert(connection.dialect.name, table),
                [{name: found.get(name) for name in columns} for found in rows],
            )


def rebuild(url: str, files: Iterable[Path]) -> None:
    """Record the verdict files `files`; rows of other models and windows stay as they are.

    Raises:
        DataError: a file is not a verdict.
        StoreError: see `record`.
    """
    record(url, [_read_verdict(path) for path in files])


def _read_verdict(path: Path) -> Verdict:
    try:
        return parse_verdict(path.read_bytes())
    except (OSError, ValueError) as error:
        found = error.strerror if isinstance(error, OSError) else error
        raise DataError(
            f"{path} is not a verdict: {found}",
            expected="a file that the monitor stage wrote",
            fix="leave it out, or `dvc repro monitor`",
        ) from error


def upsert(dialect: str, table: Table) -> Insert:
    """Return the statement that inserts rows, or updates the rows of their keys."""
    from sqlalchemy.dialects import postgresql, sqlite

    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    changed = {column.name: column for column in insert.excluded if column.name not in KEY}
    return insert.on_conflict_do_update(index_elements=KEY, set_=changed)
