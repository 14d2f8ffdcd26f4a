import dataclasses
import datetime as dt
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages import config
from stages.machine.errors import DataError
from stages.machine.files import sha256
from stages.mail.message import batched
from stages.mail.sources import Survey
from stages.mail.windows import write_splits
from stages.records.contradictions import Contradiction, Contradictions
from stages.records.fetch_summary import FetchSummary
from stages.records.messages import MESSAGE_SCHEMA

DUPLICATES = config.Duplicates(similarity=0.7, shingle_words=5, permutations=64)
# Train 1-8 January, holdout 9-12, batch 13-14.
Row = dict[str, Any]
WINDOW = config.Window(
    start=dt.date(2024, 1, 1),
    until=dt.date(2024, 1, 13),
    holdout_days=4,
    batch_from=dt.date(2024, 1, 13),
    batch_to=dt.date(2024, 1, 15),
    max_messages=None,
)


def message(name: str, day: int, label: str | None, text: str | None = None) -> Row:
    return {
        "id": name,
        "received_at": dt.datetime(2024, 1, day, 12, tzinfo=dt.UTC),
        "subject": "",
        "text": text or f"only {name} says this",
        "label": label,
        "source": "test",
    }


class Mail:
    """A source that holds what it is given."""

    kind = "files"
    description = "a list"

    def __init__(self, rows: list[Row], undated: int = 0) -> None:
        self.rows, self.undated = rows, undated

    def survey(self) -> Survey:
        dates = [row["received_at"] for row in self.rows]
        total = len(dates) + self.undated
        return Survey(total, self.undated, min(dates, default=None), max(dates, default=None))

    def batches(self, start: dt.datetime, end: dt.datetime) -> Iterator[pa.RecordBatch]:
        return batched(row for row in self.rows if start <= row["received_at"] < end)


ROWS = [message(f"{label}{day}", day, label) for day in range(1, 15) for label in ("ham", "spam")]


def cut(
    tmp_path: Path, rows: list[Row], window: config.Window = WINDOW, undated: int = 0
) -> tuple[FetchSummary, dict[str, pa.Table]]:
    source = Mail(rows, undated)
    summary = write_splits(source, window, DUPLICATES, seed=1, folder=tmp_path)
    splits = {name: pq.read_table(tmp_path / f"{name}.parquet") for name in summary.splits}
    return summary, splits


def names(table: pa.Table) -> list[str]:
    return [str(name) for name in table["id"].to_pylist()]


def test_splits_are_in_time_order_and_complete(tmp_path: Path) -> None:
    summary, splits = cut(tmp_path, ROWS)
    assert [table.num_rows for table in splits.values()] == [16, 8, 4]
    assert names(splits["train"])[:3] == ["ham1", "spam1", "ham2"]
    assert names(splits["holdout"])[0] == "ham9"
    assert names(splits["batch"]) == ["ham13", "spam13", "ham14", "spam14"]
    assert sum(summary.dropped.values()) == 0
    for name, table in splits.items():
        assert table.schema.equals(MESSAGE_SCHEMA)
        told = summary.splits[name]
        assert (told.ham + told.spam, told.messages) == (table.num_rows, table.num_rows)
        assert told.sha256 == sha256(tmp_path / f"{name}.parquet")
    assert summary.source.first == dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)


def test_only_the_splits_are_left_in_the_folder(tmp_path: Path) -> None:
    cut(tmp_path, ROWS)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "batch.parquet",
        "holdout.parquet",
        "train.parquet",
    ]


def test_edges_are_midnight_utc(tmp_path: Path) -> None:
    edge = dt.datetime(2024, 1, 9, tzinfo=dt.UTC)
    before = message("before", 8, "ham") | {"received_at": edge - dt.timedelta(microseconds=1)}
    after = message("after", 9, "ham") | {"received_at": edge}
    _, splits = cut(tmp_path, [*ROWS, before, after])
    assert names(splits["train"])[-1] == "before"
    assert names(splits["holdout"])[0] == "after"


def test_the_bytes_do_not_depend_on_the_order_of_the_source(tmp_path: Path) -> None:
    copies = [message(f"copy{n}", 1 + n % 14, "spam", "the same words " * 9) for n in range(30)]
    rows = [*ROWS, *copies, message("ham3", 7, "ham"), message("spam5", 5, "ham")]
    window = dataclasses.replace(WINDOW, max_messages=12)
    first, _ = cut(tmp_path / "a", rows, window)
    second, _ = cut(tmp_path / "b", random.Random(0).sample(rows, len(rows)), window)
    assert first == second


def test_of_messages_with_one_id_the_first_counts(tmp_path: Path) -> None:
    summary, splits = cut(
        tmp_path, [*ROWS, message("ham3", 11, "ham"), message("ham13", 14, "ham")]
    )
    assert names(splits["train"]).count("ham3") == 1
    assert "ham3" not in names(splits["holdout"])
    assert names(splits["batch"]).count("ham13") == 1
    assert summary.dropped["same_id"] == 2


def test_no_copy_of_a_training_message_stands_in_the_holdout(tmp_path: Path) -> None:
    letter = "dear friend please send the money to this account today or else"
    copies = [message(f"copy{day}", day, "spam", f"{letter} {letter}") for day in (2, 3, 9, 10)]
    other = "a campaign that began in the days of the holdout and was seen twice there"
    late = [message(f"late{day}", day, "spam", other) for day in (10, 11)]
    batch = [message(f"batch{day}", day, "spam", other) for day in (13, 14)]
    summary, splits = cut(tmp_path, [*ROWS, *copies, *late, *batch])
    assert [name for name in names(splits["train"]) if "copy" in name] == ["copy2"]
    assert [name for name in names(splits["holdout"]) if name[:4] in ("copy", "late")] == ["late10"]
    assert dict(summary.dropped) == {
        "undated": 0,
        "same_id": 0,
        "unlabelled": 0,
        "train_copies": 1,
        "holdout_copies": 1,
        "holdout_copies_of_train": 2,
        "sample": 0,
    }
    # The batch is real traffic: copies stay, and know their group.
    groups = dict(zip(names(splits["batch"]), splits["batch"]["group"].to_pylist(), strict=True))
    assert (groups["batch13"], groups["batch14"]) == ("batch13", "batch13")


def copies(*labels: str, days: Sequence[int] = range(2, 8)) -> list[Row]:
    letter = "one letter that came again and again, and that people read in two ways"
    named = zip(days, labels, strict=False)
    return [message(f"{label}-{n}", day, label, letter) for n, (day, label) in enumerate(named)]


def test_of_copies_the_latest_label_counts_and_the_contradiction_is_named(tmp_path: Path) -> None:
    summary, splits = cut(tmp_path, [*ROWS, *copies("ham", *["spam"] * 5)])
    assert [name for name in names(splits["train"]) if "-" in name] == ["spam-1"]
    [named] = summary.contradictions.named
    assert summary.contradictions.texts == 1
    assert named == Contradiction(
        id="spam-1",
        label="spam",
        ham=1,
        spam=5,
        against=("ham-0",),
        text="one letter that came again and again, and that people read in two ways",
    )
    assert summary.dropped["train_copies"] == 5


def test_whoever_takes_a_verdict_back_is_heard(tmp_path: Path) -> None:
    summary, splits = cut(tmp_path, [*ROWS, *copies("spam", "spam", "ham")])
    assert [name for name in names(splits["train"]) if "-" in name] == ["ham-2"]
    assert summary.contradictions.named[0].against == (
        "spam-0",
        "spam-1",
    )


def test_of_labels_of_one_moment_the_last_one_in_the_source_counts(tmp_path: Path) -> None:
    for name, labels in (("a", ("ham", "spam")), ("b", ("spam", "ham"))):
        _, splits = cut(tmp_path / name, [*ROWS, *copies(*labels, days=(3, 3))])
        assert [name for name in names(splits["train"]) if "-" in name] == [f"{labels[1]}-1"]


def test_a_holdout_does_not_teach_but_its_contradiction_is_named(tmp_path: Path) -> None:
    summary, splits = cut(tmp_path, [*ROWS, *copies("ham", "spam", days=(8, 9))])
    assert "ham-0" in names(splits["train"])
    assert "spam-1" not in names(splits["holdout"])
    assert summary.contradictions.named[0].against == ("spam-1",)


def test_one_raw_mail_in_two_folders_is_a_contradiction_too(tmp_path: Path) -> None:
    summary, splits = cut(tmp_path, [*ROWS, message("ham3", 3, "spam")])
    assert names(splits["train"]).count("ham3") == 1
    assert summary.contradictions.named[0].against == ("ham3",)


def test_copies_that_agree_are_no_contradiction(tmp_path: Path) -> None:
    summary, _ = cut(tmp_path, [*ROWS, *copies("spam", "spam"), message("new", 5, None)])
    assert summary.contradictions == Contradictions()


def test_history_is_labelled_and_the_batch_need_not_be(tmp_path: Path) -> None:
    rows = [row for row in ROWS if row["received_at"].day < 13]
    rows += [message("nobody said", 3, None), message("new", 13, None)]
    summary, splits = cut(tmp_path, rows, undated=7)
    assert "nobody said" not in names(splits["train"])
    assert names(splits["batch"]) == ["new"]
    assert summary.splits["batch"].unlabelled == 1
    assert (summary.dropped["unlabelled"], summary.dropped["undated"]) == (1, 7)


def test_a_sample_keeps_both_classes(tmp_path: Path) -> None:
    summary, splits = cut(tmp_path, ROWS, dataclasses.replace(WINDOW, max_messages=4))
    assert [table.num_rows for table in splits.values()] == [4, 4, 4]
    assert summary.splits["train"].spam == 2
    assert summary.dropped["sample"] == 12 + 4


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], ["train [2024-01-01, 2024-01-09)", "no dated mail", "window.start", "make params"]),
        (
            [row for row in ROWS if row["received_at"].day > 8],
            ["train", "no labelled messages", "from 2024-01-09 to 2024-01-14", "files.yaml"],
        ),
        (
            [row for row in ROWS if not 9 <= row["received_at"].day <= 12],
            ["holdout [2024-01-09, 2024-01-13) holds no labelled", "window.until"],
        ),
        (
            [row for row in ROWS if row["received_at"].day < 13] + [message("late", 20, "ham")],
            ["batch [2024-01-13, 2024-01-15) holds no messages", "window.batch_from"],
        ),
        (
            [row for row in ROWS if row["received_at"].day > 8 or row["label"] == "ham"],
            ["train", "8 ham and 0 spam", "both classes", "window.start"],
        ),
        (
            [row for row in ROWS if row["received_at"].day < 9 or row["label"] == "spam"],
            ["holdout", "0 ham and 4 spam", "both classes", "window.holdout_days"],
        ),
        ([row | {"label": None} for row in ROWS], ["train", "no labelled messages"]),
    ],
)
def test_a_window_that_serves_nobody_says_so_in_one_line(
    tmp_path: Path, rows: list[Row], told: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        write_splits(Mail(rows), WINDOW, DUPLICATES, seed=1, folder=tmp_path)
    line = str(caught.value)
    assert "\n" not in line
    for words in told:
        assert words in line
    assert list(tmp_path.iterdir()) == []


def test_a_batch_that_is_still_to_come_is_empty_and_fine(tmp_path: Path) -> None:
    """So a retraining on all mail until today leaves it; behind a gap it is a mistake."""
    rows = [row for row in ROWS if row["received_at"].day < 13]
    summary, splits = cut(tmp_path / "next", rows)
    assert splits["batch"].num_rows == summary.splits["batch"].messages == 0
    gap = dataclasses.replace(WINDOW, batch_from=dt.date(2024, 1, 14))
    with pytest.raises(DataError, match="holds no messages"):
        write_splits(Mail(rows), gap, DUPLICATES, seed=1, folder=tmp_path / "gap")


def test_a_batch_of_one_class_is_fine(tmp_path: Path) -> None:
    rows = [row for row in ROWS if row["received_at"].day < 13 or row["label"] == "ham"]
    summary, _ = cut(tmp_path, rows)
    assert summary.splits["batch"].spam == 0
