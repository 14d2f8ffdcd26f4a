"""The monitor stage on files, with a model folder at hand."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages import config, monitor
from stages.dashboards.drift_report import write_drift_report
from stages.machine.errors import DataError
from stages.machine.files import read_json
from stages.monitor import MonitorParams
from stages.records.holdout import Holdout
from stages.records.layout import Layout
from stages.records.pointer import Pointer
from stages.replay.workspace import FolderShelf
from tests.drift.drift_samples import MODEL, drift, sample, write_reference, write_window

HOLDOUT = Holdout(200, 50, one_minus_auc_percent=0.5, log_loss=0.05, log_loss_error=0.01)


def params(**changes: object) -> MonitorParams:
    window = config.Window(
        start=dt.date(2002, 7, 1),
        until=dt.date(2002, 7, 29),
        holdout_days=7,
        batch_from=dt.date(2002, 7, 29),
        batch_to=dt.date(2002, 8, 5),
        max_messages=None,
    )
    return MonitorParams(seed=1, window=window, drift=drift(**changes))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A project with a model in production."""
    layout = Layout(tmp_path / "project")
    Pointer("spamline", MODEL, None, HOLDOUT).write(layout)
    return layout


@pytest.fixture
def models(tmp_path: Path, tiny_filter: Path) -> FolderShelf:
    """A shelf with that model, which knows four weeks of two topics."""
    shelf = FolderShelf(tmp_path / "models")
    folder = shelf.obtain(MODEL)
    write_reference(folder / "reference.parquet", sample(np.random.default_rng(0), 500, [0, 1]))
    described = json.loads((tiny_filter / "model.json").read_text()) | {"threshold": 0.5}
    (folder / "model.json").write_text(json.dumps(described))
    return shelf


def batch(layout: Layout, n: int, topics: list[int], *, seed: int = 1, text: str = "hello") -> None:
    messages = sample(np.random.default_rng(seed), n, topics, days=7, start=28)
    write_window(layout.data, messages, text=text)


def test_new_mail_is_drift_with_a_report(layout: Layout, models: FolderShelf) -> None:
    batch(layout, 150, [5, 6], text="<script>steal()</script>")
    monitor.run(params(), layout, models)
    verdict = read_json(layout.verdict)
    assert verdict["decision"] == "drift"
    assert verdict["changed"]
    assert verdict["matters"]
    assert verdict["quality"]["holdout_log_loss"] == 0.05
    assert verdict["window"]["predicted_spam_share"] == pytest.approx(0.2533)
    assert verdict["report"] == "data/monitor/report.html"
    assert verdict["cause"] == "content"
    mail = pq.read_table(layout.messages("batch")).column("id").to_pylist()
    assert len(verdict["carriers"]) == 10
    assert {carrier["id"] for carrier in verdict["carriers"]} <= set(mail)
    write_drift_report(layout, models)
    page = layout.drift_report.read_text(encoding="utf-8")
    assert "&lt;script&gt;steal()" in page
    assert "<script>steal()" not in page


def test_the_same_kind_of_mail_is_no_drift_and_the_same_bytes(
    layout: Layout, models: FolderShelf
) -> None:
    batch(layout, 150, [0, 1])
    monitor.run(params(), layout, models)
    first = layout.verdict.read_bytes()
    assert read_json(layout.verdict)["decision"] == "no_drift"
    monitor.run(params(), layout, models)
    assert layout.verdict.read_bytes() == first


def test_one_message_is_not_enough_mail(layout: Layout, models: FolderShelf) -> None:
    batch(layout, 1, [5])
    monitor.run(params(), layout, models)
    assert read_json(layout.verdict)["decision"] == "not_enough_mail"


def test_near_copies_are_set_aside_before_the_vote(layout: Layout, models: FolderShelf) -> None:
    """A campaign is one message sent often: it counts once in the vote, and all of it is told."""
    batch(layout, 150, [0, 1])
    mail = pq.read_table(layout.messages("batch"))
    ids = mail["id"].to_pylist()
    groups = pa.array([ids[0] if i % 10 else ids[i] for i in range(len(ids))])
    at = mail.schema.get_field_index("group")
    pq.write_table(
        mail.set_column(at, mail.schema.field("group"), groups), layout.messages("batch")
    )
    monitor.run(params(min_window=10), layout, models)
    window = read_json(layout.verdict)["window"]
    assert (window["messages"], window["copies"]) == (150, 135)


def test_of_a_very_large_window_a_sample_is_compared(
    layout: Layout, models: FolderShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stages.drift.window.MOST_COMPARED", 100)
    batch(layout, 300, [5, 6])
    monitor.run(params(), layout, models)
    first = layout.verdict.read_bytes()
    verdict = read_json(layout.verdict)
    assert verdict["window"]["messages"] == 300
    assert verdict["decision"] == "drift"
    assert any("sample of 100 of the window's 300 distinct" in word for word in verdict["reasons"])
    monitor.run(params(), layout, models)
    assert layout.verdict.read_bytes() == first


def test_no_page_about_an_earlier_verdict_is_left(layout: Layout, models: FolderShelf) -> None:
    batch(layout, 60, [0, 1])
    layout.drift_report.parent.mkdir(parents=True)
    layout.drift_report.write_text("of an earlier run")
    assert monitor.run(params(), layout, models).startswith("monitor: no_drift. ")
    assert layout.verdict.exists()
    assert not layout.drift_report.exists()


def test_embeddings_of_another_encoder_are_refused(layout: Layout, models: FolderShelf) -> None:
    import pyarrow.parquet as pq

    batch(layout, 60, [0, 1])
    path = layout.embeddings("batch")
    table = pq.read_table(path).replace_schema_metadata({"encoder": "encoder/2"})
    pq.write_table(table, path)
    with pytest.raises(DataError, match=r"encoder/2.*encoder/1"):
        monitor.run(params(), layout, models)
    assert not layout.verdict.exists()
