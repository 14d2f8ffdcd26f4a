import csv
import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages import config
from stages.machine.errors import SourceError
from stages.mail.sources import MailSource, open_source
from stages.mail.sources.storage import find, resolve

Kind = Literal["parquet", "csv", "jsonl"]
Rows = Sequence[Mapping[str, object]]
Writer = Callable[[Path, Rows], None]

LABELS = config.LabelValues(ham="ham", spam="spam")
COLUMNS = config.Columns(text="body", label="label", subject="title", received_at="at")
ROWS = [
    {
        "body": f"line one\nline, {number} é",
        "label": ("ham", "spam", "")[number % 3],
        "title": f"t{number}",
        "at": f"2024-01-{number + 1:02}T12:00:00Z",
        "unused": str(number),
    }
    for number in range(9)
]


def write_parquet(path: Path, rows: Rows) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path)


def write_csv(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


WRITERS: dict[Kind, Writer] = {
    "parquet": write_parquet,
    "csv": write_csv,
    "jsonl": write_jsonl,
}


def source(
    paths: Iterable[Path | str],
    kind: Kind,
    columns: config.Columns = COLUMNS,
    clock: config.Clock | None = None,
) -> MailSource:
    found = config.FilesSource("files", [str(path) for path in paths], kind, columns, LABELS, clock)
    return open_source(found, seed=1)


def january(day: int) -> dt.datetime:
    return dt.datetime(2024, 1, day, tzinfo=dt.UTC)


def rows_of(mail: MailSource, first: int = 1, until: int = 31) -> list[dict[str, Any]]:
    batches = mail.batches(january(first), january(until))
    return [row for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize("kind", WRITERS)
def test_the_three_formats_say_the_same(tmp_path: Path, kind: Kind) -> None:
    WRITERS[kind](tmp_path / f"mail.{kind}", ROWS)
    mail = source([tmp_path / f"*.{kind}"], kind)
    survey = mail.survey()
    assert survey.first and survey.last
    assert (survey.messages, survey.undated, survey.first.day, survey.last.day) == (9, 0, 1, 9)
    rows = rows_of(mail, 2, 4)
    assert [row["subject"] for row in rows] == ["t1", "t2"]
    assert [row["label"] for row in rows] == ["spam", None]
    assert rows[0]["text"] == "line one\nline, 1 é"
    assert rows[0]["received_at"] == january(2) + dt.timedelta(hours=12)
    assert (rows[0]["source"], rows[0]["raw"], rows[0]["is_html"]) == (
        f"files/mail.{kind}",
        None,
        None,
    )


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_without_the_label_column_is_said(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / f"mail.{kind}"
    WRITERS[kind](path, [{"body": "x", "title": "t", "at": "2024-01-01", "labels": "ham"}])
    with pytest.raises(SourceError) as caught:
        rows_of(source([path], kind))
    for words in (str(path), "body, title, at, labels", "'label'", "source.columns.label"):
        assert words in str(caught.value)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_of_another_format_is_said(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / "mail"
    path.write_bytes(b"\x00\x01{[ not a table\n")
    with pytest.raises(SourceError, match="mail") as caught:
        rows_of(source([path], kind))
    assert "\n" not in str(caught.value)


def test_columns_of_bytes_are_text(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([row | {"body": row["body"].encode()} for row in ROWS])
    pq.write_table(table, tmp_path / "mail.parquet")
    assert (
        rows_of(source([tmp_path / "mail.parquet"], "parquet"))[0]["text"] == "line one\nline, 0 é"
    )


def test_a_date_that_no_calendar_has_is_said(tmp_path: Path) -> None:
    dates = pa.array([10**18] * len(ROWS)).cast(pa.timestamp("us", tz="UTC"))
    table = pa.Table.from_pylist(ROWS)
    pq.write_table(table.set_column(3, "at", dates), tmp_path / "mail.parquet")
    with pytest.raises(SourceError, match=r"mail\.parquet, row 1: "):
        source([tmp_path / "mail.parquet"], "parquet").survey()


def test_brackets_without_end_are_said(tmp_path: Path) -> None:
    (tmp_path / "mail.jsonl").write_text("[" * 100_000)
    with pytest.raises(SourceError, match=r"mail\.jsonl, line 1: not JSON"):
        source([tmp_path / "mail.jsonl"], "jsonl").survey()


def test_a_damaged_file_here_has_nothing_to_do_with_s3(tmp_path: Path) -> None:
    path = tmp_path / "mail.parquet"
    write_parquet(path, ROWS * 100)
    raw = path.read_bytes()
    path.write_bytes(raw[:200] + bytes(byte ^ 255 for byte in raw[200:400]) + raw[400:])
    with pytest.raises(SourceError, match=r"repair the file.*source\.") as caught:
        rows_of(source([path], "parquet"))
    assert "AWS" not in str(caught.value)


def test_the_same_file_elsewhere_is_the_same_mail(tmp_path: Path) -> None:
    ids = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_csv(tmp_path / folder / "mail.csv", ROWS)
        ids.append([row["id"] for row in rows_of(source([tmp_path / folder / "mail.csv"], "csv"))])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 9


def test_several_files_are_read_in_the_order_of_their_names_each_once(tmp_path: Path) -> None:
    write_csv(tmp_path / "b.csv", ROWS[3:])
    write_csv(tmp_path / "a.csv", ROWS[:3])
    mail = source([tmp_path / "*.csv", tmp_path / "a.csv"], "csv")
    assert [row["subject"] for row in rows_of(mail)] == [f"t{number}" for number in range(9)]


def test_files_without_dates_get_a_seeded_order(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ROWS)
    columns = config.Columns(text="body", label="label", subject=None, received_at=None)
    clock = config.Clock(start=dt.date(2024, 1, 1), messages_per_day=3)
    mail = source([tmp_path / "a.csv"], "csv", columns, clock)
    assert (mail.survey().messages, mail.survey().last) == (9, january(3) + dt.timedelta(hours=16))
    days = [rows_of(mail, day, day + 1) for day in (1, 2, 3)]
    assert [len(rows) for rows in days] == [3, 3, 3]
    assert len({row["text"] for rows in days for row in rows}) == 9


def test_neither_dates_nor_a_clock_is_said(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ROWS)
    columns = config.Columns(text="body", label="label", subject=None, received_at=None)
    with pytest.raises(SourceError, match=r"source.clock.*conf/source/files.yaml"):
        source([tmp_path / "a.csv"], "csv", columns).survey()


def test_messages_without_a_date_are_counted_and_in_no_window(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [*ROWS, ROWS[0] | {"at": ""}])
    mail = source([tmp_path / "a.csv"], "csv")
    assert (mail.survey().messages, mail.survey().undated) == (10, 1)
    assert len(rows_of(mail)) == 9


def test_a_queued_experiment_says_what_it_can_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_EXP_NAME", "bold")
    with pytest.raises(SourceError, match=r"folder of this experiment.*git or DVC tracks"):
        find(["mail/*.csv"], "conf/source/files.yaml")


def test_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no file matches .*source.paths"):
        source([tmp_path / "*.csv"], "csv").survey()


def test_s3_goes_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    system, path = resolve("s3://bucket/a/*.csv", "conf/source/files.yaml")
    system.connect()
    address = system.s3.meta.endpoint_url
    assert (address, path) == ("http://127.0.0.1:9", "bucket/a/*.csv")


def test_a_store_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with pytest.raises(SourceError, match=r"s3://bucket/a/\*.csv.*AWS_ENDPOINT_URL") as caught:
        source(["s3://bucket/a/*.csv"], "csv").survey()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["https://example.org/mail.csv", "gs://bucket/mail.csv"])
def test_other_stores_are_refused(path: str) -> None:
    with pytest.raises(SourceError, match="a local path or s3://"):
        source([path], "csv").survey()
