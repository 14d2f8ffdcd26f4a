"""Writing verdicts into the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.machine.errors import DataError
from stages.machine.files import read_json
from stages.stores.history.database import writing
from stages.stores.history.table import KEY, definition, row
from stages.stores.history.upgrade import bring_up_to_date

if TYPE_CHECKING:
    from sqlalchemy import Table


def record(url: str, verdicts: Iterable[Mapping[str, Any]]) -> None:
    """Insert the rows of `verdicts`, or update those that are there.

    The table is made if absent and brought up to date if it is of earlier code.

    Args:
        url: of SQLAlchemy's: `sqlite:////absolute/path`, `postgresql+psycopg://…`.
        verdicts: `Verdict.to_json` each. All are written, or none.

    Raises:
        DataError: something is no verdict.
        StoreError: the database cannot be reached, or is none, or is of later code, or has another
            table of that name.
    """
    from sqlalchemy import MetaData

    rows = [row(verdict) for verdict in verdicts]
    with writing(url) as connection:
        bring_up_to_date(connection)
        table = definition(MetaData())
        if rows:
            connection.execute(upsert(connection.dialect.name, table), rows)


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
        row(verdict)
    except (OSError, ValueError, DataError) as error:
        raise DataError(
            f"{path} is no verdict ({type(error).__name__})",
            expected="a file that the monitor stage wrote",
            fix="leave it out, or `dvc repro monitor`",
        ) from error
    return dict(verdict)


def upsert(dialect: str, table: Table) -> Any:
    """Return the statement that inserts rows, or updates the rows of their keys."""
    from sqlalchemy.dialects import postgresql, sqlite

    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    changed = {column.name: column for column in insert.excluded if column.name not in KEY}
    return insert.on_conflict_do_update(index_elements=KEY, set_=changed)
