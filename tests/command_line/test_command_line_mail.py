"""What a person sees whose mail or whose stages' files are damaged, missing or in use."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command_line.project import Project
from tests.command_line.samples import mail, write_mail


def unlabelled(path: Path) -> None:
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["label"]).append_column("labels", table["label"]), path)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def damaged(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[:100] + bytes(byte ^ 255 for byte in raw[100:-9000]) + raw[-9000:])


def of_one_class(path: Path) -> None:
    write_mail(path, mail(label="ham"))


def of_other_labels(path: Path) -> None:
    write_mail(path, mail(label="junk"))


def of_no_labels(path: Path) -> None:
    write_mail(path, mail(label=None))


def undated(path: Path) -> None:
    table = pq.read_table(path)
    at = table.schema.get_field_index("received_at")
    dates = pa.array(["the day before yesterday"] * table.num_rows)
    pq.write_table(table.set_column(at, "received_at", dates), path)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (unlabelled, ["labels", "did you mean 'labels'", "a column 'label'", "columns.label"]),
        (truncated, ["mail.parquet cannot be read as parquet", "a parquet file"]),
        (damaged, ["cannot read", "mail.parquet", "repair the file"]),
        (undated, ["'the day before yesterday'", "ISO 8601", "columns.received_at"]),
        (Path.unlink, ["no file matches mail/*.parquet", "source.paths"]),
        (of_one_class, ["120 ham and 0 spam", "both classes"]),
        (of_other_labels, ["the label 'junk'", "'ham', 'spam'"]),
        (of_no_labels, ["no labelled messages"]),
    ],
)
def test_mail_that_is_no_good_leaves_the_last_fetch_as_it_was(
    project: Project, spoil: Callable[[Path], None], words: list[str]
) -> None:
    spoil(project.folder / "mail/mail.parquet")
    line = project.refuse("fetch")
    assert all(word in line for word in words), line


def test_csv_mail_with_malformed_dates(project: Project) -> None:
    (project.folder / "mail/mail.csv").write_text(
        "received_at,subject,text,label\n2024-01-02,a,b,ham\n02/30/2024,c,d,spam\n"
    )
    project.edit(source__paths=["mail/*.csv"], source__format="csv")
    assert "'02/30/2024' in 'received_at'" in project.refuse("fetch")


@pytest.mark.parametrize(
    ("format_", "content", "words"),
    [
        ("csv", b'text,label\na,ham\n"b,spam\nc,ham\n', "line 3: a quote opened here is never"),
        ("csv", b"text,label\na,ham,b\n", "line 2: 3 fields; expected 2, as in the header"),
        ("csv", b"text,label\na\xe9,ham\n", "line 2: the byte 0xe9 is not utf-8"),
        (
            "jsonl",
            b'{"text": "a"}\n{"text": NaN, "label": "ham"}\n',
            "line 2: the number nan in 'text'",
        ),
    ],
)
def test_a_malformed_table(project: Project, format_: str, content: bytes, words: str) -> None:
    (project.folder / f"mail/mail.{format_}").write_bytes(content)
    columns = {"text": "text", "label": "label", "subject": None, "received_at": None, "id": None}
    clock = {"start": "2024-01-01", "messages_per_day": 10}
    project.edit(
        source__paths=[f"mail/*.{format_}"],
        source__format=format_,
        source__columns=columns,
        source__clock=clock,
    )
    before = project.results()
    assert f"mail.{format_}, {words}" in project.refuse("fetch")
    assert project.results() == before


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (
            {"batch_from": "2030-01-01", "batch_to": "2030-01-08"},
            ["batch [2030-01-01, 2030-01-08) holds no messages", "2024-01-01 to 2024-02-07"],
        ),
        ({"start": "2023-01-01", "until": "2023-02-01"}, ["train [2023-01-01, 2023-01-25)"]),
    ],
)
def test_a_window_without_mail(project: Project, window: dict[str, str], words: list[str]) -> None:
    project.edit(**{f"window__{key}": value for key, value in window.items()})
    line = project.refuse("fetch")
    assert all(word in line for word in [*words, "conf/source/files.yaml"]), line


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        (["embed", "train"], ["data/fetch/train.parquet", "stage fetch", "dvc repro embed@train"]),
        (["train"], ["data/fetch/train.parquet does not exist", "dvc repro train"]),
        (["evaluate"], ["data/fetch/holdout.parquet does not exist"]),
        (["register"], ["data/train/model does not exist", "stage train"]),
        (["infer"], ["data/fetch/batch.parquet does not exist"]),
        (["monitor"], ["data/fetch/batch.parquet does not exist"]),
        (["summary"], ["data/fetch/summary.json", "make run"]),
        (["promote"], ["data/register/receipt.json", "dvc repro register"]),
        (["history"], ["data/monitor/drift.json", "dvc repro monitor"]),
    ],
)
def test_a_verb_before_its_turn(project: Project, verb: list[str], words: list[str]) -> None:
    shutil.rmtree(project.folder / "data")
    line = project.refuse(*verb)
    assert all(word in line for word in words), line


def test_an_input_that_was_cut_short(project: Project) -> None:
    truncated(project.folder / "data/fetch/train.parquet")
    line = project.refuse("embed", "train")
    assert "data/fetch/train.parquet cannot be read" in line
    (project.folder / "data/fetch/summary.json").write_text('{\n<<<<<<< HEAD\n  "splits": 1\n')
    assert "data/fetch/summary.json cannot be read" in project.refuse("summary")


def test_two_fetches_at_once_are_busy_and_the_first_one_comes_to_its_end(project: Project) -> None:
    expected = project.results()
    shutil.rmtree(project.folder / "data")
    first = project.start("fetch")
    try:
        wait_until_writing(project.folder / "data/fetch", first)
        first.send_signal(signal.SIGSTOP)
        status, out, err = project.run("fetch")
    finally:
        first.send_signal(signal.SIGCONT)
        said, _ = first.communicate(timeout=60)
    assert (status, out) == (2, "")
    assert err.startswith("spamline fetch: fetch is already running in data/fetch; expected one at")
    assert err.count("\n") == 1
    assert (first.returncode, said[:6]) == (0, "fetch:")
    assert project.results() == expected


def wait_until_writing(folder: Path, process: subprocess.Popen[str]) -> None:
    while not list(folder.glob("*.tmp")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
