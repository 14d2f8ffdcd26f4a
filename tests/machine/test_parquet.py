"""Parquet files that stages hand each other: what is not theirs is one line."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages.machine.errors import DataError
from stages.machine.faults import from_outside
from stages.machine.parquet import ANY_SIZE, parquet_head, read_parquet, read_table, write_parquet

FIELDS: list[pa.Field[Any]] = [
    pa.field("id", pa.string(), nullable=False),
    pa.field("at", pa.timestamp("us", tz="UTC")),
    pa.field("vector", pa.list_(pa.float32(), 2)),
]
SCHEMA = pa.schema(FIELDS)
WANTED = pa.schema([*FIELDS[:2], pa.field("vector", pa.list_(pa.float32(), ANY_SIZE))])
ROWS = 300
FIX = "run `dvc repro fetch`"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.parquet"
    columns: dict[str, Any] = {
        "id": [f"message {number}" for number in range(ROWS)],
        "at": [number * 10**12 for number in range(ROWS)],
        "vector": [[0.5, float(number)] for number in range(ROWS)],
    }
    batch = pa.RecordBatch.from_pydict(columns, schema=SCHEMA)
    write_parquet(path, SCHEMA, [batch.slice(0, 100), batch.slice(100)])
    return path


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        list(read_parquet(path, WANTED, fix=FIX))
    line = str(caught.value)
    assert line.startswith(f"{path} cannot be read: ")
    assert line.endswith(f"fix: {FIX}")
    assert "\n" not in line
    return line


def test_a_file_is_read_as_it_was_written(path: Path) -> None:
    assert parquet_head(path, fix=FIX).num_rows == ROWS
    assert read_table([path], SCHEMA, fix=FIX).equals(pq.read_table(path))
    sizes = [len(batch) for batch in read_parquet(path, WANTED, fix=FIX, rows=64)]
    assert (sum(sizes), max(sizes)) == (ROWS, 64)


def test_bytes_of_any_kind_are_one_line_or_rows(path: Path) -> None:
    whole = path.read_bytes()
    refused = 0
    for seed in range(100):
        rng = random.Random(seed)
        content = bytearray(whole[: rng.randrange(len(whole))] if seed % 4 == 0 else whole)
        for _ in range(rng.choice([1, 5, 50])):
            content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(content)
        try:
            read_table([path], WANTED, fix=FIX).to_pylist()
        except Exception as error:
            assert from_outside(error), repr(error)
            refused += 1
    assert refused > 50


@pytest.mark.parametrize(
    ("name", "column", "words"),
    [
        ("id", None, "no column id of string"),
        ("id", pa.array(range(ROWS)), "no column id of string"),
        ("id", pa.nulls(ROWS, pa.string()), "id has rows without a value"),
        ("id", pa.array([b"\xff"] * ROWS, pa.binary()).view(pa.string()), "UTF8"),
        ("at", pa.array([2**62] * ROWS, pa.timestamp("us", "UTC")), "beyond all calendars"),
        ("at", pa.array([1] * ROWS, pa.timestamp("ns", "UTC")), "no column at of timestamp"),
        ("vector", pa.array([[1.0, 2.0]] * ROWS), "no column vector"),
    ],
)
def test_other_columns_are_one_line(path: Path, name: str, column: Any, words: str) -> None:
    table = pq.read_table(path)
    place = table.column_names.index(name)
    other = table.drop_columns([name])
    pq.write_table(other if column is None else other.add_column(place, name, column), path)
    assert words in refusal(path)


def test_what_is_no_file_is_one_line(path: Path) -> None:
    path.unlink()
    assert "it does not exist" in refusal(path)
    os.mkfifo(path)
    assert "Not a regular file" in refusal(path)
    path.unlink()
    path.mkdir()
    assert "Is a directory" in refusal(path)
