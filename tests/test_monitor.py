"""The monitor stage on files, with a model folder at hand."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages import config
from stages.drift.assessment import Champion
from stages.machine.errors import DataError, StoreError
from stages.machine.files import read_json
from stages.monitor import REPORT, VERDICT, MonitorParams, monitor
from stages.records.holdout import Holdout
from tests.drift.drift_samples import MODEL, drift, sample, write_reference, write_window

HOLDOUT = Holdout(200, 50, one_minus_auc_percent=0.5, log_loss=0.05, log_loss_error=0.01)
HISTORY, VERDICTS = Path("data/monitor/history.db"), Path("data/monitor/verdicts")


def params(**changes: object) -> MonitorParams:
    window = config.Window(
        start=dt.date(2002, 7, 1),
        until=dt.date(2002, 7, 29),
        holdout_days=7,
        batch_from=dt.date(2002, 7, 29),
        batch_to=dt.date(2002, 8, 5),
        max_messages=None,
    )
    registry = config.Registry(name="spamline")
    return MonitorParams(seed=1, window=window, registry=registry, drift=drift(**changes))


@pytest.fixture
def champion(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Champion:
    """A champion that knows four weeks of two topics, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    # Where the stores are.
    shutil.copy(root / "params.yaml", "params.yaml")
    monkeypatch.delenv("SPAMLINE_HISTORY_URL", raising=False)
    monkeypatch.delenv("SPAMLINE_VERDICTS_URL", raising=False)
    reference = sample(np.random.default_rng(0), 500, [0, 1])
    write_reference(tmp_path / "model/reference.parquet", reference)
    return Champion(MODEL, tmp_path / "model", threshold=0.5, holdout=HOLDOUT)


def batch(n: int, topics: list[int], *, seed: int = 1, text: str = "hello") -> None:
    messages = sample(np.random.default_rng(seed), n, topics, days=7, start=28)
    write_window(Path("data"), messages, text=text)


def test_new_mail_is_drift_with_a_row_and_a_report(champion: Champion) -> None:
    batch(150, [5, 6], text="<script>steal()</script>")
    monitor(champion, params())
    verdict = read_json(VERDICT)
    assert verdict["decision"] == "drift"
    assert verdict["changed"]
    assert verdict["matters"]
    assert verdict["quality"]["holdout_log_loss"] == 0.05
    assert verdict["window"]["predicted_spam_share"] == pytest.approx(0.2533)
    with sqlite3.connect(HISTORY) as connection:
        query = "SELECT decision, mmd_value FROM embedding_drift_metrics"
        rows = connection.execute(query).fetchall()
    assert rows == [("drift", verdict["statistics"]["mmd"]["value"])]
    kept = VERDICTS / f"{MODEL[:16]}_2002-07-29_2002-08-05.json"
    assert kept.read_bytes() == VERDICT.read_bytes()
    assert verdict["report"] == REPORT.as_posix()
    assert verdict["cause"] == "content"
    mail = pq.read_table("data/fetch/batch.parquet").column("id").to_pylist()
    assert len(verdict["carriers"]) == 10
    assert {carrier["id"] for carrier in verdict["carriers"]} <= set(mail)
    page = REPORT.read_text(encoding="utf-8")
    assert "&lt;script&gt;steal()" in page
    assert "<script>steal()" not in page


def test_the_same_kind_of_mail_is_no_drift_and_the_same_bytes(champion: Champion) -> None:
    batch(150, [0, 1])
    monitor(champion, params())
    first = VERDICT.read_bytes()
    assert read_json(VERDICT)["decision"] == "no_drift"
    monitor(champion, params())
    assert VERDICT.read_bytes() == first


def test_one_message_is_not_enough_mail(champion: Champion) -> None:
    batch(1, [5])
    monitor(champion, params())
    assert read_json(VERDICT)["decision"] == "not_enough_mail"


def test_a_dead_history_keeps_the_verdict(champion: Champion) -> None:
    batch(60, [0, 1])
    HISTORY.parent.mkdir(parents=True)
    HISTORY.write_text("this is no database " * 100)
    with pytest.raises(StoreError, match="the verdict is written"):
        monitor(champion, params())
    assert read_json(VERDICT)["decision"] == "no_drift"


def test_a_dead_place_for_kept_verdicts_keeps_the_verdict(
    champion: Champion, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch(60, [0, 1])
    monkeypatch.setenv("SPAMLINE_VERDICTS_URL", "/dev/null/verdicts")
    with pytest.raises(StoreError, match="the verdict is written but not kept"):
        monitor(champion, params())
    assert read_json(VERDICT)["decision"] == "no_drift"
    assert not HISTORY.exists()
    monkeypatch.delenv("SPAMLINE_VERDICTS_URL")
    monitor(champion, params())
    assert HISTORY.exists()
    assert len(list(VERDICTS.iterdir())) == 1


def test_an_experiment_leaves_no_row(champion: Champion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "what-if")
    batch(150, [5, 6])
    monitor(champion, params())
    assert read_json(VERDICT)["decision"] == "drift"
    assert not HISTORY.exists()
    assert not VERDICTS.exists()


def test_near_copies_are_set_aside_before_the_vote(champion: Champion) -> None:
    """A campaign is one message sent often: it counts once in the vote, and all of it is told."""
    batch(150, [0, 1])
    mail = pq.read_table("data/fetch/batch.parquet")
    ids = mail["id"].to_pylist()
    groups = pa.array([ids[0] if i % 10 else ids[i] for i in range(len(ids))])
    at = mail.schema.get_field_index("group")
    pq.write_table(
        mail.set_column(at, mail.schema.field("group"), groups), "data/fetch/batch.parquet"
    )
    monitor(champion, params(min_window=10))
    window = read_json(VERDICT)["window"]
    assert (window["messages"], window["copies"]) == (150, 135)


def test_a_failing_report_keeps_verdict_and_row_and_leaves_no_old_page(
    champion: Champion, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    batch(60, [0, 1])
    REPORT.parent.mkdir(parents=True)
    REPORT.write_text("of an earlier run")

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("stages.monitor.write_report", fail)
    monitor(champion, params())
    assert VERDICT.exists()
    assert HISTORY.exists()
    assert not REPORT.exists()
    assert "no report" in capsys.readouterr().out


def test_embeddings_of_another_encoder_are_refused(champion: Champion) -> None:
    import pyarrow.parquet as pq

    batch(60, [0, 1])
    path = Path("data/embed/batch.parquet")
    table = pq.read_table(path).replace_schema_metadata({"encoder": "encoder/2"})
    pq.write_table(table, path)
    with pytest.raises(DataError, match=r"encoder/2.*encoder/1"):
        monitor(champion, params())
    assert not VERDICT.exists()
