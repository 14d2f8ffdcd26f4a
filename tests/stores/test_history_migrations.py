"""The history's table through its revisions, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from stages.drift.statistics import STATISTICS
from stages.drift.verdict import verdict_on
from stages.machine.errors import StoreError
from stages.records.decision import Decision
from stages.stores.history import reading, record
from stages.stores.history.database import writing
from stages.stores.history.table import TABLE, row
from stages.stores.history.upgrade import (
    FIRST,
    VERSION_TABLE,
    bring_up_to_date,
    configuration,
    newest,
)
from tests.drift.drift_samples import comparison, drift, quality, scores, subject
from tests.stores.conftest import Query
from tests.stores.history_samples import UNVERSIONED, UNVERSIONED_ROW, VERDICT

ROWS = f"SELECT model, decision, messages, mmd_value, effect_floor FROM {TABLE} ORDER BY model"
VERSION = f"SELECT version_num FROM {VERSION_TABLE}"


def test_a_new_table_is_the_one_that_the_code_writes(database: str, query: Query) -> None:
    record(database, [VERDICT])
    assert query(VERSION) == [(newest(),)]
    assert query("SELECT model, window_from, messages FROM embedding_drift_metrics")[0][2] == 300
    with writing(database) as connection:
        columns = {column["name"] for column in inspect(connection).get_columns(TABLE)}
    # Each column is filled by some verdict, and all that a verdict says has its column.
    judged = verdict_on(subject(), comparison(len(STATISTICS)), quality(0.2), scores(), drift())
    # Whether an effect is unusual depends on its floor, which the history leaves out.
    floors = {f"{statistic.name}_floor" for statistic in STATISTICS}
    assert set(row(judged)) - floors == columns


def test_writing_twice_changes_nothing(database: str, query: Query) -> None:
    record(database, [VERDICT])
    once = query(f"SELECT * FROM {TABLE}")
    record(database, [VERDICT, dataclasses.replace(VERDICT, votes=3)])
    assert query(f"SELECT * FROM {TABLE}") == once
    record(database, [dataclasses.replace(VERDICT, decision=Decision.CHANGED)])
    assert [row[1] for row in query(ROWS)] == ["changed"]


def test_the_table_of_earlier_code_is_adopted_with_its_rows(database: str, query: Query) -> None:
    query(UNVERSIONED)
    query(UNVERSIONED_ROW)
    with pytest.raises(StoreError, match=r"`python -m stages history`"), reading(database):
        pass
    record(database, [VERDICT])
    assert query(ROWS) == [
        ("a" * 64, "drift", 300, 0.9, None),
        ("old", "changed", 321, 0.25, None),
    ]
    assert query(VERSION) == [(newest(),)]


def test_a_database_of_the_first_revision_is_upgraded_with_its_rows(
    database: str, query: Query
) -> None:
    from alembic import command

    with writing(database) as connection:
        command.upgrade(configuration(connection), FIRST)
    query(UNVERSIONED_ROW)
    record(database, [])
    assert query(ROWS) == [("old", "changed", 321, 0.25, None)]
    assert query(VERSION) == [(newest(),)]


def test_a_table_of_other_columns_stays_untouched(database: str, query: Query) -> None:
    query(f"CREATE TABLE {TABLE} (model TEXT)")
    query(f"INSERT INTO {TABLE} VALUES ('x')")
    with pytest.raises(StoreError, match="not ours") as caught:
        record(database, [VERDICT])
    assert "\n" not in str(caught.value)
    assert query(f"SELECT * FROM {TABLE}") == [("x",)]
    with pytest.raises(Exception, match=VERSION_TABLE):
        query(VERSION)


def test_a_database_of_later_code_is_one_line(database: str, query: Query) -> None:
    record(database, [VERDICT])
    query(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"9999.*update the checkout") as caught:
        record(database, [dataclasses.replace(VERDICT, decision=Decision.CHANGED)])
    assert "\n" not in str(caught.value)
    assert query(ROWS)[0][1] == "drift"
    with pytest.raises(StoreError, match="update the checkout"), reading(database):
        pass


def test_a_migration_that_fails_leaves_what_was(
    database: str, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(UNVERSIONED)
    query(UNVERSIONED_ROW)
    columns = "SELECT * FROM embedding_drift_metrics"

    def fail(connection: object) -> None:
        bring_up_to_date(connection)  # type: ignore[arg-type]
        raise OSError("the disk is full")

    monkeypatch.setattr("stages.stores.history.store.bring_up_to_date", fail)
    before = query(columns)
    with pytest.raises(StoreError, match="the disk is full"):
        record(database, [VERDICT])
    assert query(columns) == before
    with pytest.raises(Exception, match=VERSION_TABLE):
        query(VERSION)


@pytest.mark.slow
@pytest.mark.parametrize("adopted", [False, True])
def test_processes_that_upgrade_at_once_do_it_once(
    database: str, query: Query, root: Path, adopted: bool
) -> None:
    if adopted:
        query(UNVERSIONED)
        query(UNVERSIONED_ROW)
    code = (
        "import dataclasses, sys; from stages.stores.history import record;"
        "from tests.stores.history_samples import VERDICT;"
        "record(sys.argv[1], [dataclasses.replace(VERDICT, model=sys.argv[2])])"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, database, f"model {i}"],
            cwd=root,
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(4)
    ]
    said = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0] * 4, said
    assert len(query(ROWS)) == 4 + adopted
    assert query(VERSION) == [(newest(),)]


def test_the_newest_revision_is_the_one_the_code_names() -> None:
    script = ScriptDirectory.from_config(configuration())
    assert script.get_heads() == [newest()]
    assert script.get_bases() == [FIRST]
