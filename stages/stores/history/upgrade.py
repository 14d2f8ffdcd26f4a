"""The adapter of Alembic: the table is made, adopted, or brought up to date in the transaction.

no table              -> all revisions
table of earlier code -> adopted as `FIRST` where its columns are those, then the later revisions
newest revision       -> nothing (two short queries)
an earlier version    -> the later revisions
an unknown version    -> refused: the database is of later code
other columns         -> refused, untouched
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.address import shown
from stages.machine.errors import StoreError
from stages.machine.variables import HISTORY_URL
from stages.stores.history.table import KEY, TABLE

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

# An MLflow server may share the database; its table has Alembic's usual name.
VERSION_TABLE = "spamline_alembic_version"
FIRST = "0001"
UNVERSIONED = "no revision"
# One of PostgreSQL's advisory locks: any number that nothing else takes.
_LOCK = 7_316_427_101
_MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def newest() -> str:
    """Return the newest revision, which is the one that the rest of this code reads and writes."""
    return max(path.stem[1:5] for path in (_MIGRATIONS / "versions").glob("r*.py"))


def revision(connection: Connection) -> str | None:
    """Return the revision that the database is of; `UNVERSIONED` for a table without; else None."""
    from sqlalchemy import inspect, text

    tables = inspect(connection)
    if tables.has_table(VERSION_TABLE):
        found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
        if found is not None:
            return str(found)
    return UNVERSIONED if tables.has_table(TABLE) else None


def bring_up_to_date(connection: Connection) -> None:
    """Make or migrate the table within the connection's transaction; rows are kept.

    Raises:
        StoreError: a table of that name is not ours, or the database is of later code.
    """
    if revision(connection) == newest():
        return
    _wait_for_turn(connection)
    # Another process may have been at it in the meantime.
    found = revision(connection)
    if found == newest():
        return

    from alembic import command

    config = configuration(connection)
    if found == UNVERSIONED:
        _check_columns(connection)
        command.stamp(config, FIRST)
    elif found is not None:
        _check_known(config, found)
    command.upgrade(config, "head")


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, all of it: there is no ini file."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _wait_for_turn(connection: Connection) -> None:
    """Let one process migrate at a time; SQLite's transaction is exclusive already."""
    from sqlalchemy import text

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _check_columns(connection: Connection) -> None:
    """Refuse to adopt a table that earlier code did not make."""
    from sqlalchemy import inspect

    from stages.stores.history.migrations.versions.r0001_first import COLUMNS

    tables = inspect(connection)
    found = {column["name"] for column in tables.get_columns(TABLE)}
    key = tuple(tables.get_pk_constraint(TABLE)["constrained_columns"])
    if found == set(COLUMNS) and key == KEY:
        return
    differing = sorted(found ^ set(COLUMNS)) or [f"key {key}"]
    raise StoreError(
        f"the verdict is written but the monitoring history is not: {_address(connection)} has a "
        f"table {TABLE} that is not ours ({', '.join(differing[:3])}); it stays as it is",
        expected=f"our table {TABLE} or none of that name",
        fix=f"rename that table, or correct stores.history or {HISTORY_URL}",
    )


def _check_known(config: Config, found: str) -> None:
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        ScriptDirectory.from_config(config).get_revision(found)
    except CommandError:
        address = _address(config.attributes["connection"])
        raise StoreError(
            f"the verdict is written but the monitoring history is not: the table {TABLE} at "
            f"{address} is of revision {found}, which is newer than this checkout",
            expected=f"revision {newest()} or earlier",
            fix="update the checkout (git pull), then run the same again",
        ) from None


def _address(connection: Connection) -> str:
    return shown(connection.engine.url.render_as_string(hide_password=False))
