"""From a table to the predictions: every row comes back, under the id that its owner knows."""

import csv
import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages import config, embed, fetch, infer
from stages.machine.errors import SourceError
from stages.machine.files import tree_digest
from stages.records.layout import Layout
from stages.records.pointer import Pointer
from stages.registry.shelves import RegistryShelf
from tests.registry.samples import ENCODER, HAM_TEXT, SPAM_TEXT

HEADER = ["number", "received_at", "text", "label"]
WINDOW = config.Window(
    start=dt.date(2024, 1, 1),
    until=dt.date(2024, 1, 15),
    holdout_days=7,
    batch_from=dt.date(2024, 1, 15),
    batch_to=dt.date(2024, 1, 22),
    max_messages=None,
)


def table() -> list[list[str]]:
    """A history of both classes, then 150 rows of two texts on three days."""
    history = [
        [f"old {day} {label}", f"2024-01-{day:02}", f"{label} number {day} of the past", label]
        for day in range(1, 15)
        for label in ("ham", "spam")
    ]
    batch = [
        [f"new {n}", f"2024-01-{15 + n % 3}", (HAM_TEXT, SPAM_TEXT)[n % 2], ""] for n in range(150)
    ]
    return [HEADER, *history, *batch]


def params(path: Path, own_ids: str | None) -> fetch.FetchParams:
    return fetch.FetchParams(
        seed=1,
        source=config.FilesSource(
            "files",
            [str(path)],
            "csv",
            config.Columns("text", "label", None, "received_at", own_ids),
            config.LabelValues("ham", "spam"),
            None,
        ),
        window=WINDOW,
        duplicates=config.Duplicates(0.7, 5, 64),
    )


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


def score(layout: Layout, shelf: RegistryShelf, tiny_filter: Path) -> dict[str, str]:
    """Score the batch by a model that looks at words alone; return each id's verdict."""
    shutil.copytree(tiny_filter, layout.model)
    Pointer("spamline", tree_digest(layout.model), None).write(layout)
    ids = pq.read_table(layout.messages("batch"), columns=["id"])["id"].to_pylist()
    nothing = pa.array(np.zeros(len(ids) * ENCODER.dim, np.float32))
    embedded = pa.table(
        {"id": ids, "embedding": pa.FixedSizeListArray.from_arrays(nothing, ENCODER.dim)}
    ).replace_schema_metadata(embed.schema(ENCODER).metadata)
    layout.embeddings("batch").parent.mkdir(parents=True)
    pq.write_table(embedded, layout.embeddings("batch"))
    infer.run(infer.InferParams(WINDOW, config.Inference(batch_rows=64)), layout, shelf)
    found = pq.read_table(layout.predictions).to_pylist()
    assert len(found) == 150
    return {str(row["id"]): str(row["verdict"]) for row in found}


def test_150_rows_in_are_150_predictions_out_under_their_own_ids(
    tmp_path: Path, layout: Layout, shelf: RegistryShelf, tiny_filter: Path
) -> None:
    write(tmp_path / "mail.csv", table())
    fetch.run(params(tmp_path / "mail.csv", "number"), layout)
    verdicts = score(layout, shelf, tiny_filter)
    assert verdicts == {f"new {n}": ("ham", "spam")[n % 2] for n in range(150)}


def test_150_rows_without_ids_are_150_predictions_too(
    tmp_path: Path, layout: Layout, shelf: RegistryShelf, tiny_filter: Path
) -> None:
    write(tmp_path / "mail.csv", table())
    fetch.run(params(tmp_path / "mail.csv", None), layout)
    verdicts = score(layout, shelf, tiny_filter)
    assert (len(verdicts), list(verdicts.values()).count("spam")) == (150, 75)


def test_one_bad_row_leaves_nothing_behind(tmp_path: Path, layout: Layout) -> None:
    write(tmp_path / "mail.csv", [*table(), ["more", "2024-01-16", "a", "ham", "too much"]])
    with pytest.raises(SourceError, match=r"mail\.csv, line 180: 5 fields; expected 4"):
        fetch.run(params(tmp_path / "mail.csv", "number"), layout)
    assert not any(path.is_file() for path in layout.root.rglob("data/fetch/*"))
