"""One stage with what follows it: predictions in S3, the verdict kept and in the history."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from stages import config
from stages.embed import schema
from stages.machine.errors import ComputeError, StoreError
from stages.machine.files import read_json, tree_digest
from stages.machine.variables import PREDICTIONS_URL, RAY_ADDRESS
from stages.records.layout import Layout
from stages.records.messages import MESSAGE_SCHEMA
from stages.records.pointer import Pointer
from stages.replay.workspace import FolderShelf
from stages.run import stage
from stages.run.stage import run_stage
from stages.stores.s3 import filesystem
from tests.compute.samples import Here
from tests.drift.drift_samples import MODEL, sample, write_reference, write_window
from tests.registry.samples import ENCODER, SPAM_TEXT


@pytest.fixture
def layout(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A project with a model in production, and stores on this machine's disk."""
    for name in ("SPAMLINE_PREDICTIONS_URL", "SPAMLINE_HISTORY_URL", "SPAMLINE_VERDICTS_URL"):
        monkeypatch.delenv(name, raising=False)
    layout = Layout(tmp_path / "project")
    layout.root.mkdir()
    shutil.copy(root / "dvc.yaml", layout.pipeline)
    edit(layout, lambda tree: tree["window"].update(_WINDOW), root / "params.yaml")
    Pointer("spamline", MODEL, None).write(layout)
    return layout


_WINDOW = {
    "start": "2002-07-01",
    "until": "2002-07-29",
    "batch_from": "2002-07-29",
    "batch_to": "2002-08-05",
}


def edit(
    layout: Layout, change: Callable[[dict[str, Any]], None], source: Path | None = None
) -> None:
    tree = yaml.safe_load((source or layout.params).read_text())
    change(tree)
    layout.params.write_text(config.params_text(tree))


@pytest.fixture(autouse=True)
def shelf(layout: Layout, tiny_filter: Path, monkeypatch: pytest.MonkeyPatch) -> FolderShelf:
    """Models in a folder, instead of a registry; the one in production knows two topics."""
    shelf = FolderShelf(layout.root.parent / "models")
    folder = Path(shutil.copytree(tiny_filter, shelf.obtain(MODEL)))
    write_reference(folder / "reference.parquet", sample(np.random.default_rng(0), 500, [0, 1]))
    for name in ("infer", "monitor"):
        monkeypatch.setitem(stage._SHELVES, name, lambda *_: shelf)
    return shelf


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no page: Evidently takes seconds to load, and has its own tests."""
    monkeypatch.setattr("stages.dashboards.drift_report.write_report", lambda *_: None)


def batch(layout: Layout, n: int, topics: list[int]) -> None:
    messages = sample(np.random.default_rng(1), n, topics, days=7, start=28)
    write_window(layout.data, messages)


def test_a_page_that_fails_is_reported_and_keeps_the_verdict(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    batch(layout, 60, [0, 1])

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("stages.dashboards.drift_report.write_report", fail)
    run_stage("monitor", layout=layout)
    assert layout.verdict.exists()
    assert not layout.drift_report.exists()
    assert "no report" in capsys.readouterr().out


def test_a_verdict_is_kept_and_has_a_row(layout: Layout) -> None:
    batch(layout, 150, [0, 1])
    run_stage("monitor", layout=layout)
    with sqlite3.connect(layout.history) as connection:
        query = "SELECT decision, mmd_value FROM embedding_drift_metrics"
        rows = connection.execute(query).fetchall()
    verdict = read_json(layout.verdict)
    assert rows == [("no_drift", verdict["statistics"]["mmd"]["value"])]
    kept = layout.verdicts / f"{MODEL[:16]}_2002-07-29_2002-08-05.json"
    assert kept.read_bytes() == layout.verdict.read_bytes()


def test_a_dead_history_keeps_the_verdict(layout: Layout) -> None:
    batch(layout, 150, [0, 1])
    layout.history.parent.mkdir(parents=True)
    layout.history.write_text("this is no database " * 100)
    with pytest.raises(StoreError, match="the verdict is written"):
        run_stage("monitor", layout=layout)
    assert read_json(layout.verdict)["decision"] == "no_drift"


def test_a_dead_place_for_kept_verdicts_keeps_the_verdict(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch(layout, 150, [0, 1])
    monkeypatch.setenv("SPAMLINE_VERDICTS_URL", "/dev/null/verdicts")
    with pytest.raises(StoreError, match="the verdict is written but not kept"):
        run_stage("monitor", layout=layout)
    assert read_json(layout.verdict)["decision"] == "no_drift"
    assert not layout.history.exists()
    monkeypatch.delenv("SPAMLINE_VERDICTS_URL")
    run_stage("monitor", layout=layout)
    assert layout.history.exists()
    assert len(list(layout.verdicts.iterdir())) == 1


def test_an_experiment_leaves_no_row(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "what-if")
    batch(layout, 150, [5, 6])
    run_stage("monitor", layout=layout)
    assert read_json(layout.verdict)["decision"] == "drift"
    assert not layout.history.exists()
    assert not layout.verdicts.exists()


def write_mail(layout: Layout, text: str) -> None:
    """Write a batch of one message, and its embedding."""
    row = {
        "id": "0" * 64,
        "received_at": dt.datetime(2002, 7, 30, tzinfo=dt.UTC),
        "subject": "",
        "text": text,
        "source": "test",
    }
    embedded = {"id": row["id"], "embedding": [0.0] * ENCODER.dim}
    for path, columns, rows in (
        (layout.messages("batch"), MESSAGE_SCHEMA, [row]),
        (layout.embeddings("batch"), schema(ENCODER), [embedded]),
    ):
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=columns), path)


def test_a_wrong_address_is_reported_before_the_work(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mail(layout, SPAM_TEXT)
    monkeypatch.setenv(PREDICTIONS_URL, "http://not-in-s3/x")
    with pytest.raises(StoreError, match=PREDICTIONS_URL):
        run_stage("infer", layout=layout)
    assert not layout.infer_summary.exists()


def test_a_cluster_that_is_asked_for_does_the_work(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mail(layout, SPAM_TEXT)
    run_stage("infer", layout=layout)
    alone = tree_digest(layout.predictions)
    edit(layout, lambda tree: tree["compute"].update(engine="ray"))
    monkeypatch.delenv(RAY_ADDRESS, raising=False)
    with pytest.raises(ComputeError, match=f"{RAY_ADDRESS} is not set"):
        run_stage("infer", layout=layout)
    monkeypatch.setattr("stages.compute.ray_data.connected", lambda: nullcontext(Here()))
    run_stage("infer", layout=layout)
    assert tree_digest(layout.predictions) == alone
    # The parts were there, and are gone.
    assert list((layout.parts / "infer").iterdir()) == []


@pytest.mark.slow
def test_dead_store_keeps_the_local_predictions_and_they_arrive_later(
    layout: Layout,
    s3_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in s3_environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    edit(layout, lambda tree: tree["stores"].update(predictions="s3://elsewhere/never"))
    monkeypatch.setenv(PREDICTIONS_URL, "s3://spamline/infer-stage")
    write_mail(layout, SPAM_TEXT)
    with monkeypatch.context() as wrong:
        wrong.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
        with pytest.raises(StoreError, match="s3://spamline/infer-stage: the secret") as caught:
            run_stage("infer", layout=layout)
    assert "another-secret" not in str(caught.value)
    assert capsys.readouterr().out == ""
    assert json.loads(layout.infer_summary.read_text())["messages"] == 1
    (written,) = layout.predictions.rglob("*.parquet")
    run_stage("infer", layout=layout)
    line = "infer: 1 messages, 1 of them spam, by aaaaaaaaaaaa; s3://spamline/infer-stage: 1 days"
    assert line in capsys.readouterr().out
    stored = f"s3://spamline/infer-stage/{written.relative_to(layout.predictions)}"
    assert filesystem().cat(stored) == written.read_bytes()
