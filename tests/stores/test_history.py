"""The monitoring history on a real SQLite file."""

from __future__ import annotations

import dataclasses
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from stages.drift.statistics import STATISTICS
from stages.drift.verdict import verdict_on
from stages.machine.errors import DataError, StoreError
from stages.records.decision import Decision
from stages.records.verdict import Verdict
from stages.stores.history import TABLE, history_url, reading, rebuild, record
from tests.drift.drift_samples import comparison, drift, quality, scores, subject
from tests.stores.history_samples import VERDICT, on_week


def changed(**values: Any) -> Verdict:
    return dataclasses.replace(VERDICT, **values)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "history.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def rows(path: Path, columns: str = "*") -> list[tuple[Any, ...]]:
    with sqlite3.connect(path) as connection:
        query = f"SELECT {columns} FROM {TABLE} ORDER BY model, window_from"
        return connection.execute(query).fetchall()


def test_writing_twice_changes_nothing(url: str, path: Path) -> None:
    record(url, [VERDICT])
    first = rows(path)
    record(url, [VERDICT])
    assert rows(path) == first
    assert rows(path, "window_from, messages, mmd_effect, cosine_voted") == [
        ("2002-09-02", 300, 2.0, 1)
    ]


def test_a_new_verdict_on_the_same_window_replaces_the_old(url: str, path: Path) -> None:
    record(url, [VERDICT])
    record(url, [changed(decision=Decision.CHANGED, quality=None)])
    assert rows(path, "decision, realised_one_minus_auc_percent") == [("changed", None)]


def test_another_model_or_window_is_another_row(url: str, path: Path) -> None:
    record(url, [VERDICT, changed(model="b" * 64), on_week("2002-09-09", "2002-09-16")])
    assert len(rows(path)) == 3


def test_too_little_mail_is_recorded_without_statistics(url: str, path: Path) -> None:
    refusal = changed(decision=Decision.NOT_ENOUGH_MAIL, statistics={}, p_value=None, votes=0)
    # Also where the window had a verdict with statistics before.
    record(url, [VERDICT])
    record(url, [refusal])
    assert rows(path, "decision, mmd_value, mmd_voted") == [("not_enough_mail", None, None)]


def test_rebuilt_from_files_it_is_the_same(tmp_path: Path, url: str, path: Path) -> None:
    verdicts = [VERDICT, changed(model="b" * 64)]
    record(url, verdicts)
    for i, verdict in enumerate(verdicts):
        (tmp_path / f"{i}.json").write_text(verdict.text)
    again = tmp_path / "again.db"
    rebuild(f"sqlite:///{again}", [tmp_path / "0.json", tmp_path / "1.json"])
    assert rows(again) == rows(path)


@pytest.mark.parametrize("text", ["[]", "{}", "not json", '{"window": 1}'])
def test_a_file_that_is_no_verdict_writes_nothing(
    tmp_path: Path, url: str, path: Path, text: str
) -> None:
    (tmp_path / "good.json").write_text(VERDICT.text)
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(DataError, match=r"bad\.json is not a verdict"):
        rebuild(url, [tmp_path / "good.json", tmp_path / "bad.json"])
    assert not path.exists()


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_text("this is no database " * 100)
    with pytest.raises(StoreError, match=r"not a database.*SPAMLINE_HISTORY_URL") as caught:
        record(f"sqlite:///{tmp_path / 'history.db'}", [VERDICT])
    assert "\n" not in str(caught.value)


def test_a_table_of_the_same_name_stays_untouched(url: str, path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE {TABLE} (model TEXT)")
        connection.execute(f"INSERT INTO {TABLE} VALUES ('x')")
    with pytest.raises(StoreError, match=r"not ours.*stays as it is"):
        record(url, [VERDICT])
    with sqlite3.connect(path) as connection:
        assert connection.execute(f"SELECT * FROM {TABLE}").fetchall() == [("x",)]


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "mysql://user:secret@127.0.0.1/x",
        "postgresql+psycopg://user:secret@127.0.0.1:1/x",
        "postgresql+psycopg://user@127.0.0.1:1/x?password=secret",
        "postgresql+psycopg://user:sec@ret:secret@127.0.0.1:1/x",
        "postgresql+psycopg://user:sec/secret@127.0.0.1:1/x",
        "postgresql+psycopg://user:x@127.0.0.1:secret/x",
        "postgresql:user:secret@127.0.0.1/x",
        "user:secret@127.0.0.1/x",
        "sqlite:///user:secret@127.0.0.1/x",
        "sqlite:////dev/null/history.db",
    ],
)
def test_a_wrong_address_is_one_line_without_the_password(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match="the monitoring history is not") as caught:
        record(address, [VERDICT])
    assert "secret" not in str(caught.value)
    assert "sec" not in str(caught.value).replace("second", "")
    assert list(tmp_path.iterdir()) == []


def test_it_says_what_a_verdict_was_judged_by_and_why(url: str, path: Path) -> None:
    judged = verdict_on(subject(), comparison(3), quality(4.0), scores(), drift())
    record(url, [judged.as_written()])
    columns = "changed, matters, quorum, false_alarm_rate, effect_floor, labelled_spam, copies"
    assert rows(path, columns) == [(1, 1, 2, 0.01, 1.7, 50, 0)]
    [(reason, details)] = rows(path, "reason, details")
    assert reason.startswith(f"Mail changed: 3 of {len(STATISTICS)}")
    assert details.split("\n") == list(judged.reasons[1:])


def test_no_history_yet_is_read_as_none_and_makes_no_file(url: str, path: Path) -> None:
    with reading(url) as connection:
        assert connection is None
    assert not path.exists()


def test_the_environment_wins() -> None:
    assert history_url("sqlite:///a", {"SPAMLINE_HISTORY_URL": "sqlite:///b"}) == "sqlite:///b"
    assert history_url("sqlite:///a", {}) == "sqlite:///a"
    assert history_url(None, {}).endswith("/data/monitor/history.db")
    assert history_url(None, {}).startswith("sqlite:////")
