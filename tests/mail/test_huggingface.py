"""The real `datasets` client on a local data set, and on a hub-shaped server on the loopback."""

import datetime as dt
import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages import config
from stages.machine.errors import SourceError
from stages.mail.sources import MailSource, open_source

COMMIT = "e" * 40
COUNTS = {"train": 817, "test": 272}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set as the hub's Parquet commits lay it out: 1,089 messages in two splits."""
    for split, count in COUNTS.items():
        path = tmp_path / "mail" / "default" / split
        path.mkdir(parents=True)
        labels = ["spam" if number % 3 == 0 else "not_spam" for number in range(count)]
        texts = [f"{split} message {number}" for number in range(count)]
        pq.write_table(pa.table({"text": texts, "label": labels}), path / "0000.parquet")
    return tmp_path / "mail"


def source(
    name: Path | str,
    revision: str | None = None,
    splits: Iterable[str] = ("train", "test"),
    label: str = "label",
) -> MailSource:
    found = config.HuggingFaceSource(
        kind="huggingface",
        name=str(name),
        revision=revision,
        splits=list(splits),
        columns=config.Columns(text="text", label=label, subject=None, received_at=None),
        labels=config.LabelValues(ham="not_spam", spam="spam"),
        clock=config.Clock(start=dt.date(2023, 1, 1), messages_per_day=100),
    )
    return open_source(found, seed=1)


def rows_of(mail: MailSource, first: int, until: int) -> list[dict[str, Any]]:
    days = [dt.datetime(2023, 1, day, tzinfo=dt.UTC) for day in (first, until)]
    return [row for batch in mail.batches(*days) for row in batch.to_pylist()]


def test_a_local_data_set_gets_a_seeded_order(folder: Path) -> None:
    mail = source(folder)
    survey = mail.survey()
    assert (survey.messages, survey.undated) == (1_089, 0)
    assert survey.first and survey.last
    assert (survey.first.day, survey.last.day) == (1, 11)
    rows = rows_of(mail, 3, 5)
    assert len(rows) == 200
    assert {row["source"] for row in rows} == {"huggingface/mail/train", "huggingface/mail/test"}
    assert {row["label"] for row in rows} == {"ham", "spam"}
    every = [rows_of(mail, day, day + 1) for day in range(1, 12)]
    assert len({row["text"] for rows in every for row in rows}) == 1_089


def test_the_order_is_the_same_each_time(folder: Path) -> None:
    assert rows_of(source(folder), 3, 4) == rows_of(source(folder), 3, 4)


def test_class_numbers_become_their_names(tmp_path: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, Value

    kinds = Features({"text": Value("string"), "label": ClassLabel(names=["not_spam", "spam"])})
    data = Dataset.from_dict({"text": ["a", "b", "c"], "label": [0, 1, -1]}, features=kinds)
    (tmp_path / "numbered").mkdir()
    data.to_parquet(tmp_path / "numbered" / "train.parquet")
    rows = rows_of(source(tmp_path / "numbered", splits=["train"]), 1, 2)
    assert {row["text"]: row["label"] for row in rows} == {"a": "ham", "b": "spam", "c": None}


def test_a_missing_label_column_is_said(folder: Path) -> None:
    with pytest.raises(SourceError) as caught:
        rows_of(source(folder, label="verdict"), 1, 2)
    for words in ("mail/train has the columns", "label", "'verdict'", "source.columns.label"):
        assert words in str(caught.value)


def test_a_missing_split_is_said(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"validation.*conf/source/huggingface.yaml") as caught:
        source(folder, splits=["validation"]).survey()
    assert "\n" not in str(caught.value)


def test_a_data_set_of_the_hub_must_be_pinned() -> None:
    with pytest.raises(SourceError, match=r"source\.revision is null"):
        source("nobody/nothing").survey()


class Hub(http.server.BaseHTTPRequestHandler):
    """What the hub answers for the commit COMMIT of `some/mail`; `files` are its contents."""

    protocol_version = "HTTP/1.1"
    files: dict[str, bytes] = {}  # noqa: RUF012 - set by the test
    asked: list[str] = []  # noqa: RUF012

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = urlsplit(self.path).path
        self.asked.append(path)
        if path.startswith(start := f"/datasets/some/mail/resolve/{COMMIT}/"):
            self.file(self.files.get(path.removeprefix(start)))
        elif path == f"/api/datasets/some/mail/revision/{COMMIT}":
            names = [{"rfilename": name} for name in self.files]
            self.json({"id": "some/mail", "sha": COMMIT, "siblings": names})
        elif path.startswith(start := f"/api/datasets/some/mail/tree/{COMMIT}"):
            self.json(self.listing(path.removeprefix(start).strip("/")))
        else:
            self.send(404, b"", {"X-Error-Code": "EntryNotFound"})

    def listing(self, folder: str) -> list[dict[str, str | int]]:
        """All files and folders below `folder`, or only those in it."""
        found = {}
        for name, content in self.files.items():
            parts = name.split("/")
            for depth in range(1, len(parts) + 1):
                entry = "/".join(parts[:depth])
                is_file = depth == len(parts)
                found[entry] = {
                    "type": "file" if is_file else "directory",
                    "path": entry,
                    "size": len(content) if is_file else 0,
                    "oid": hashlib.sha256(entry.encode()).hexdigest()[:40],
                }
        start = f"{folder}/" if folder else ""
        below = {entry: told for entry, told in found.items() if entry.startswith(start)}
        if "recursive=true" in self.path:
            return list(below.values())
        return [told for entry, told in below.items() if "/" not in entry.removeprefix(start)]

    def file(self, content: bytes | None) -> None:
        if content is None:
            self.send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
            return
        etag = hashlib.sha256(content).hexdigest()
        first, _, last = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        part = content[int(first) : int(last) + 1] if first else content
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if first:
            headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        self.send(206 if first else 200, part, headers)

    def json(self, value: object) -> None:
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


CLIENT = """
import datetime as dt, sys
from stages import config
from stages.mail.sources import open_source
columns = config.Columns(text="text", label="label", subject=None, received_at=None)
labels = config.LabelValues(ham="not_spam", spam="spam")
clock = config.Clock(start=dt.date(2023, 1, 1), messages_per_day=100)
found = config.HuggingFaceSource(
    "huggingface", "some/mail", sys.argv[1], ["train", "test"], columns, labels, clock
)
try:
    mail = open_source(found, seed=1)
    days = [dt.datetime(2023, 1, day, tzinfo=dt.UTC) for day in (3, 5)]
    print(mail.survey().messages, sum(batch.num_rows for batch in mail.batches(*days)))
except Exception as error:
    print(type(error).__name__, error)
"""


def client(root: Path, tmp_path: Path, endpoint: str, revision: str = COMMIT) -> str:
    """Run the source in a process of its own: the client reads its endpoint on import."""
    own = {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "home"), "PYTHONPATH": str(root)}
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, revision], env=kept | own, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.slow
def test_a_hub_is_asked_for_the_pinned_commit_and_no_other(
    root: Path, tmp_path: Path, folder: Path
) -> None:
    Hub.files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.parquet")
    }
    Hub.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        assert client(root, tmp_path, endpoint) == "1089 200"
        assert all(COMMIT in path for path in Hub.asked)
        other = client(root, tmp_path, endpoint, "f" * 40)
    finally:
        server.shutdown()
        server.server_close()
    assert other.startswith("SourceError cannot read split train of some/mail")
    assert "\n" not in other


@pytest.mark.slow
def test_no_network_is_one_line(root: Path, tmp_path: Path) -> None:
    # Slow: the client itself tries five times, which takes 23 s.
    line = client(root, tmp_path, "http://127.0.0.1:9")
    assert line.startswith("SourceError cannot read split train of some/mail")
    assert "check the network" in line
    assert "\n" not in line
