from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages.machine.files import tree_digest
from stages.records.infer_summary import InferSummary, WindowEdges
from stages.records.predictions import Tally, prediction_rows, write_predictions
from tests.stores.samples import DROP, START, rows


def test_each_day_has_its_own_folder_and_readers_see_all_rows(tmp_path: Path) -> None:
    folder = tmp_path / "predictions"
    files = write_predictions(folder, DROP, [rows(1, 2, 23), rows(23, 25), rows(49)])
    name = "aaaaaaaaaaaaaaaa_2002-09-02_2002-09-09.parquet"
    assert [path.as_posix() for path in files] == [
        f"year=2002/month=09/day=02/{name}",
        f"year=2002/month=09/day=03/{name}",
        f"year=2002/month=09/day=04/{name}",
    ]
    table = pq.read_table(folder)
    assert table.num_rows == 6
    assert set(table.column_names) >= {"id", "received_at", "probability", "verdict", "year"}


def test_writing_again_replaces_and_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "predictions"
    write_predictions(folder, DROP, [rows(1, 25)])
    first = tree_digest(folder)
    write_predictions(folder, DROP, [rows(1, 25)])
    assert tree_digest(folder) == first
    write_predictions(folder, DROP, [rows(1)])
    assert pq.read_table(folder).num_rows == 1


def test_failure_in_the_middle_leaves_the_former_predictions(tmp_path: Path) -> None:
    folder = tmp_path / "predictions"
    write_predictions(folder, DROP, [rows(1, 25)])
    before = tree_digest(folder)

    def broken() -> Iterator[pa.RecordBatch]:
        yield rows(3)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        write_predictions(folder, DROP, broken())
    assert tree_digest(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["predictions"]


def test_day_that_comes_back_is_never_overwritten(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not in the order"):
        write_predictions(tmp_path / "predictions", DROP, [rows(1, 25), rows(2)])


def test_last_bits_of_a_probability_do_not_reach_the_bytes(tmp_path: Path) -> None:
    table = pa.table({"id": ["x"], "received_at": pa.array([START], pa.timestamp("us", tz="UTC"))})
    noisy = [
        prediction_rows(table, np.array([0.123456 + noise]), ["ham"], model=DROP.model)
        for noise in (0.0, 1e-12)
    ]
    assert noisy[0].equals(noisy[1])


def test_tally_counts_what_passes() -> None:
    tally = Tally()
    tally.seen(rows(1, 2, 3))
    found = tally.summary(DROP)
    assert found.spam_share == pytest.approx(1 / 3)
    assert found.mean_probability == pytest.approx(0.5)
    assert found == InferSummary(
        model=DROP.model,
        window=WindowEdges(DROP.window.batch_from, DROP.window.batch_to),
        messages=3,
        spam=1,
        spam_share=found.spam_share,
        mean_probability=found.mean_probability,
        histogram=(0, 1, 0, 0, 0, 1, 0, 0, 0, 1),
    )
