"""Every row of a table is a message of its own, with the user's id where there is one."""

import datetime as dt
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages import config
from stages.machine.errors import SourceError
from stages.mail.sources import MailSource, identity, open_source

DATED = config.Columns("text", "label", None, "received_at")
OWN = config.Columns("text", "label", None, "received_at", "number")
CLOCKED = config.Columns("text", "label", None, None)
DAYS = (dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 2, 1, tzinfo=dt.UTC))

Rows = Sequence[dict[str, Any]]


def row(text: str, day: int = 2, **more: Any) -> dict[str, Any]:
    return {"text": text, "label": "spam", "received_at": f"2024-01-{day:02}"} | more


def source(
    tmp_path: Path,
    rows: Rows,
    columns: config.Columns = DATED,
    kind: Literal["jsonl", "parquet"] = "jsonl",
    paths: Sequence[str] = (),
) -> MailSource:
    path = tmp_path / f"mail.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    clock = None if columns.received_at else config.Clock(dt.date(2024, 1, 1), 100)
    labels = config.LabelValues("ham", "spam")
    found = config.FilesSource("files", [*paths, str(path)], kind, columns, labels, clock)
    return open_source(found, seed=1)


def messages(mail: MailSource, days: tuple[dt.datetime, dt.datetime] = DAYS) -> Rows:
    mail.survey()
    return [row for batch in mail.batches(*days) for row in batch.to_pylist()]


def ids(mail: MailSource) -> list[str]:
    return [str(row["id"]) for row in messages(mail)]


COPIES = [row("win now", day) for day in (2, 2, 2, 3, 4)] + [row("see you", 2)]


@pytest.mark.parametrize("columns", [DATED, CLOCKED])
def test_rows_of_one_text_are_messages_of_their_own(
    tmp_path: Path, columns: config.Columns
) -> None:
    assert len(set(ids(source(tmp_path, COPIES, columns)))) == len(COPIES)


def test_ids_stay_when_rows_move_or_come_and_when_the_window_moves(tmp_path: Path) -> None:
    before = ids(source(tmp_path, COPIES))
    shuffled = random.Random(1).sample(COPIES, len(COPIES))
    assert sorted(ids(source(tmp_path, shuffled))) == sorted(before)
    more = source(tmp_path, [row("new"), *COPIES, row("win now", 5)])
    assert set(before) < set(ids(more))
    later = (dt.datetime(2024, 1, 3, tzinfo=dt.UTC), DAYS[1])
    assert [row["id"] for row in messages(source(tmp_path, COPIES), later)] == before[3:5]


def test_ids_of_undated_rows_stay_when_rows_are_added(tmp_path: Path) -> None:
    before = ids(source(tmp_path, COPIES, CLOCKED))
    assert set(before) < set(ids(source(tmp_path, [*COPIES, row("new")], CLOCKED)))


def test_files_of_one_name_in_two_folders_are_two_files(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    source(tmp_path / "other", COPIES)
    found = ids(source(tmp_path, COPIES, paths=[str(tmp_path / "other" / "mail.jsonl")]))
    assert len(set(found)) == 2 * len(COPIES)


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
@pytest.mark.parametrize("own", [["a 1", "B/2", "é"], [7, 8, 10**12], ["007", "7", "<x@y>"]])
def test_the_ids_of_ones_own_are_kept(
    tmp_path: Path, kind: Literal["jsonl", "parquet"], own: list[object]
) -> None:
    rows = [row("same", number=name) for name in own]
    assert ids(source(tmp_path, rows, OWN, kind)) == [str(name) for name in own]


def test_csv_keeps_ids_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "mail.csv"
    path.write_text("number,text,label,received_at\n007,a,ham,2024-01-02\n7,a,ham,2024-01-02\n")
    labels = config.LabelValues("ham", "spam")
    found = config.FilesSource("files", [str(path)], "csv", OWN, labels, None)
    assert ids(open_source(found, seed=1)) == ["007", "7"]


@pytest.mark.parametrize("day", [2, 20])
def test_one_id_twice_names_both_rows(tmp_path: Path, day: int) -> None:
    rows = [row("a", number="x"), row("b", number="y"), row("c", day, number="x")]
    with pytest.raises(SourceError) as caught:
        ids(source(tmp_path, rows, OWN))
    line = str(caught.value)
    for words in ("mail.jsonl, line 3: the id 'x', which", "mail.jsonl, line 1 has too", "to null"):
        assert words in line


def test_one_id_in_two_files_names_both(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    source(tmp_path / "a", [row("a", number=1)])
    both = source(tmp_path, [row("b", number=1)], OWN, paths=[str(tmp_path / "a" / "mail.jsonl")])
    with pytest.raises(SourceError, match=r"mail\.jsonl, line 1: .*a/mail\.jsonl, line 1 has too"):
        ids(both)


def test_ids_that_only_look_alike_are_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "key_of", lambda name: 1)
    assert ids(source(tmp_path, [row("a", number="x"), row("b", number="y")], OWN)) == ["x", "y"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "null"),
        ("", "the text ''"),
        (1.5, "the number 1.5"),
        (True, "true"),
        (["x"], "a list"),
        ("x" * 201, "the text 'xxx"),
        ("a\nb", "the text 'a\\nb'"),
        ("\ud800", "the text '\\ud800'"),
    ],
)
def test_ids_that_no_prediction_can_have_name_their_line(
    tmp_path: Path, value: object, said: str
) -> None:
    rows = [row("a", number=1), row("b", number=value)]
    with pytest.raises(SourceError) as caught:
        ids(source(tmp_path, rows, OWN))
    assert f"mail.jsonl, line 2: {said}" in str(caught.value)
    assert "expected 1 to 200 characters" in str(caught.value)


def test_a_row_without_an_id_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"line 2: null in 'number'"):
        ids(source(tmp_path, [row("a", number=1), row("b")], OWN))


def test_no_ids_are_no_error(tmp_path: Path) -> None:
    assert ids(source(tmp_path, [], OWN)) == []
