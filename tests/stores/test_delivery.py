"""Predictions in S3, on the real server: whole, never doubled, read by everybody."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import S3FileSystem

from stages.machine.errors import StoreError
from stages.machine.variables import PREDICTIONS_URL, S3_ENDPOINT
from stages.records.predictions import Drop, write_predictions
from stages.stores.delivery import Delivery, deliver, predictions_url
from stages.stores.s3 import filesystem
from tests.servers import free_port
from tests.stores.samples import DROP, rows


def sent(folder: Path, place: str, *hours: int, drop: Drop = DROP) -> Delivery:
    """Write predictions for messages of so many hours after the window's start; deliver them."""
    write_predictions(folder / "predictions", drop, [rows(*hours)] if hours else [])
    return deliver(folder / "predictions", drop, place, then="make run")


def counts(delivery: Delivery) -> tuple[int, int, int]:
    return delivery.written, delivery.unchanged, delivery.removed


def objects(place: str) -> dict[str, Any]:
    """Return the objects below `place` by their names, with their times and sizes."""
    prefix = f"{place.removeprefix('s3://')}/"
    found = filesystem().find(place, detail=True)
    return {
        name.removeprefix(prefix): (item["LastModified"], item["size"])
        for name, item in found.items()
    }


def names(place: str) -> list[str]:
    return [name.removeprefix("year=2002/month=09/day=") for name in objects(place)]


FILE = "aaaaaaaaaaaaaaaa_2002-09-02_2002-09-09.parquet"


def test_environment_wins_and_an_experiment_sends_nothing() -> None:
    assert predictions_url(None, {}) is None
    assert predictions_url("s3://a/b/", {}) == "s3://a/b"
    assert predictions_url("s3://a/b", {PREDICTIONS_URL: "s3://c"}) == "s3://c"
    assert predictions_url("s3://a/b", {"DVC_EXP_NAME": "what-if"}) is None


@pytest.mark.parametrize(
    "url", ["https://me:pass@host/x", "s3://", "s3://me:pass@host/x", "file:/x"]
)
def test_address_that_is_no_place_in_s3_is_one_line(url: str) -> None:
    with pytest.raises(StoreError, match=PREDICTIONS_URL) as caught:
        predictions_url(None, {PREDICTIONS_URL: url})
    assert "pass" not in str(caught.value)


@pytest.mark.slow
def test_sending_again_writes_nothing(tmp_path: Path, s3_place: str) -> None:
    assert counts(sent(tmp_path, s3_place, 1, 25)) == (2, 0, 0)
    before = objects(s3_place)
    assert sorted(before) == [
        f"year=2002/month=09/day=02/{FILE}",
        f"year=2002/month=09/day=03/{FILE}",
    ]
    time.sleep(1.1)
    assert counts(sent(tmp_path, s3_place, 1, 25)) == (0, 2, 0)
    assert objects(s3_place) == before


@pytest.mark.slow
def test_day_that_the_window_no_longer_has_goes_and_nothing_else(
    tmp_path: Path, s3_place: str
) -> None:
    sent(tmp_path, s3_place, 1, 25, 49)
    others = [
        f"{s3_place}/year=2002/month=09/day=03/another-model_2002-09-02_2002-09-09.parquet",
        f"{s3_place}/year=2002/month=09/day=03/aaaaaaaaaaaaaaaa_2002-08-26_2002-09-09.parquet",
        # Of no day of the window: nobody looks there.
        f"{s3_place}/year=2002/month=09/day=09/{FILE}",
    ]
    for other in others:
        filesystem().pipe(other, b"of somebody else")
    assert counts(sent(tmp_path, s3_place, 1, 49, 50)) == (1, 1, 1)
    assert f"03/{FILE}" not in names(s3_place)
    assert len(objects(s3_place)) == 5
    assert counts(sent(tmp_path, s3_place)) == (0, 0, 2)
    assert len(objects(s3_place)) == 3


@pytest.mark.slow
def test_other_bytes_of_the_same_size_are_replaced(tmp_path: Path, s3_place: str) -> None:
    sent(tmp_path, s3_place, 1)
    (path,) = (tmp_path / "predictions").rglob("*.parquet")
    name = f"{s3_place}/year=2002/month=09/day=02/{FILE}"
    for forged in ({}, {"Metadata": {"sha256": "0" * 64}}):
        filesystem().pipe_file(name, b"x" * path.stat().st_size, **forged)
        assert counts(sent(tmp_path, s3_place, 1)) == (1, 0, 0)
        assert filesystem().cat(name) == path.read_bytes()


@pytest.mark.slow
def test_another_model_stands_beside_it(tmp_path: Path, s3_place: str) -> None:
    sent(tmp_path, s3_place, 1)
    assert counts(sent(tmp_path, s3_place, 1, drop=dataclasses.replace(DROP, model="b" * 64)))[0]
    assert len(objects(s3_place)) == 2


@pytest.mark.slow
def test_dead_store_keeps_what_is_here(
    tmp_path: Path, s3_place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dead:
        dead.setenv(S3_ENDPOINT, f"http://127.0.0.1:{free_port()}")
        with pytest.raises(StoreError, match=r"did not arrive in S3.*make run") as caught:
            sent(tmp_path, s3_place, 1)
    assert str(tmp_path / "predictions") in str(caught.value)
    assert counts(deliver(tmp_path / "predictions", DROP, s3_place, then="")) == (1, 0, 0)


WRITER = """
import sys
from pathlib import Path
from stages.stores.delivery import deliver
from tests.stores.samples import DROP
while True:
    for folder in sys.argv[2:]:
        deliver(Path(folder), DROP, sys.argv[1], then="make run")
        print("one more", flush=True)
"""


@pytest.mark.slow
def test_no_reader_ever_sees_half_an_object(root: Path, tmp_path: Path, s3_place: str) -> None:
    """Writers replace a day of some megabytes again and again, and are killed at any moment."""
    rng, versions = random.Random(0), {}
    for number in range(2):
        folder = tmp_path / str(number)
        # Texts that nothing compresses: three megabytes.
        mails = [rows(1, text=rng.randbytes(3000).hex()) for _ in range(1000 + number)]
        write_predictions(folder, DROP, mails)
        (path,) = folder.rglob("*.parquet")
        versions[path.read_bytes()] = 0
    folders = [str(tmp_path / "0"), str(tmp_path / "1")]
    deliver(Path(folders[0]), DROP, s3_place, then="")
    name = f"{s3_place}/year=2002/month=09/day=02/{FILE}"
    s3, killed = filesystem(), 0
    environment = {**os.environ, "PYTHONPATH": str(root)}
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, s3_place, *folders],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        for _ in range(2):
            assert writer.stdout.readline() == "one more\n"
        until = time.monotonic() + rng.uniform(1.0, 2.0)
        while time.monotonic() < until:
            versions[s3.cat_file(name)] += 1  # a KeyError: neither the old one nor the new one
        assert writer.poll() is None
        writer.kill()
        writer.communicate()
        killed += 1
        versions[s3.cat_file(name)] += 1
    assert killed == 3
    assert min(versions.values()) > 1, "the reader saw both"
    # Whoever comes after a killed writer has nothing to clean up.
    assert deliver(Path(folders[1]), DROP, s3_place, then="").removed == 0
    assert s3.cat_file(name) == list(versions)[1]


@pytest.mark.slow
def test_everybody_reads_it(tmp_path: Path, s3_place: str, s3_environment: dict[str, str]) -> None:
    sent(tmp_path, s3_place, 1, 2, 25, 49)
    expected = {"02": 2, "03": 1, "04": 1}
    received = [
        dt.datetime(2002, 9, 2, 1, tzinfo=dt.UTC),
        dt.datetime(2002, 9, 4, 1, tzinfo=dt.UTC),
    ]

    frame = pd.read_parquet(s3_place)
    assert frame.groupby("day", observed=True).size().to_dict() == {2: 2, 3: 1, 4: 1}
    assert [frame["received_at"].min(), frame["received_at"].max()] == received

    server = s3_environment[S3_ENDPOINT].removeprefix("http://")
    own = S3FileSystem(endpoint_override=server, scheme="http")
    table = pyarrow.dataset.dataset(
        s3_place.removeprefix("s3://"), filesystem=own, partitioning="hive"
    ).to_table(filter=pyarrow.dataset.field("day") == 2)
    assert table.num_rows == 2

    connection = duckdb.connect()
    connection.register_filesystem(filesystem())
    found = connection.execute(
        f"SELECT day, count(*) FROM read_parquet('{s3_place}/**/*.parquet', "
        "hive_partitioning = true, hive_types_autocast = false) GROUP BY day ORDER BY day"
    ).fetchall()
    assert dict(found) == expected
    # `SET TimeZone` is the session's: the instants are the same.
    ((first, kind),) = connection.execute(
        f"SELECT epoch(min(received_at)), any_value(typeof(received_at)) "
        f"FROM '{s3_place}/**/*.parquet'"
    ).fetchall()
    assert (first, kind) == (received[0].timestamp(), "TIMESTAMP WITH TIME ZONE")


def test_files_are_of_what_athena_and_trino_read(tmp_path: Path) -> None:
    """Athena's documented Parquet: these physical types, UTC microseconds, Zstandard, no nulls."""
    write_predictions(tmp_path / "predictions", DROP, [rows(1, 2)])
    (path,) = (tmp_path / "predictions").rglob("*.parquet")
    metadata = pq.ParquetFile(path).metadata
    columns = [metadata.schema.column(number) for number in range(metadata.num_columns)]
    assert {
        column.name: (column.physical_type, column.logical_type.type, column.max_definition_level)
        for column in columns
    } == {
        "id": ("BYTE_ARRAY", "STRING", 0),
        "received_at": ("INT64", "TIMESTAMP", 0),
        "probability": ("DOUBLE", "NONE", 0),
        "verdict": ("BYTE_ARRAY", "STRING", 0),
        "model": ("BYTE_ARRAY", "STRING", 0),
    }
    assert "isAdjustedToUTC=true, timeUnit=microseconds" in str(columns[1].logical_type)
    group = metadata.row_group(0)
    chunks = [group.column(number) for number in range(group.num_columns)]
    assert {chunk.compression for chunk in chunks} == {"ZSTD"}
    assert {encoding for chunk in chunks for encoding in chunk.encodings} <= {"PLAIN", "RLE"}
    # Engines ignore files whose names begin with these.
    assert not path.name.startswith(("_", "."))
    assert [part.partition("=")[0] for part in path.parent.relative_to(tmp_path).parts[1:]] == [
        "year",
        "month",
        "day",
    ]
    assert pa.types.is_timestamp(pq.read_schema(path).field("received_at").type)
