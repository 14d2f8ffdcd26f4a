import datetime as dt
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from stages import config, infer
from stages.infer import EMBEDDINGS, MAIL, PREDICTIONS, SUMMARY, InferParams
from stages.machine.errors import DataError, RegistryError, StoreError
from stages.machine.files import tree_digest
from stages.machine.variables import PREDICTIONS_URL
from stages.model.encoder import fingerprint
from stages.records.messages import MESSAGE_SCHEMA
from stages.records.pointer import Pointer, write_pointer
from stages.registry.mlflow.models import ModelRegistry
from stages.registry.registration import MODEL
from stages.stores.s3 import filesystem
from tests.registry.samples import ENCODER, HAM_TEXT, LOCAL, SPAM_TEXT

START = dt.datetime(2002, 9, 2, tzinfo=dt.UTC)


def params(rows: int = 2) -> InferParams:
    window = config.Window(
        start=dt.date(2002, 7, 1),
        until=dt.date(2002, 9, 1),
        holdout_days=14,
        batch_from=dt.date(2002, 9, 2),
        batch_to=dt.date(2002, 9, 9),
        max_messages=None,
    )
    return InferParams(window, LOCAL, config.Inference(batch_rows=rows))


def write_batch(texts: list[str], encoder: str = fingerprint(ENCODER)) -> None:
    """Write `texts` as the batch, twelve hours apart, and embeddings beside them."""
    rows = [
        {
            "id": f"{i:064x}",
            "received_at": START + i * dt.timedelta(hours=12),
            "subject": "",
            "text": text,
            "source": "test",
        }
        for i, text in enumerate(texts)
    ]
    MAIL.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=MESSAGE_SCHEMA), MAIL)
    EMBEDDINGS.parent.mkdir(parents=True, exist_ok=True)
    flat = pa.array(np.zeros(len(texts) * ENCODER.dim, np.float32))
    table = pa.table(
        {
            "id": [row["id"] for row in rows],
            "embedding": pa.FixedSizeListArray.from_arrays(flat, ENCODER.dim),
        }
    )
    pq.write_table(table.replace_schema_metadata({"encoder": encoder}), EMBEDDINGS)


@pytest.fixture
def production(registry: ModelRegistry, tiny_filter: Path) -> str:
    """A model in production that the registry lacks and this checkout has."""
    shutil.copytree(tiny_filter, MODEL)
    digest = tree_digest(MODEL)
    write_pointer(Pointer("spamline", digest, None))
    return digest


def test_batch_is_scored_by_the_model_of_the_pointer(production: str, registry: ModelRegistry):
    write_batch([SPAM_TEXT, HAM_TEXT, SPAM_TEXT])
    infer.run(params())
    table = pq.read_table(PREDICTIONS)
    assert table.column("verdict").to_pylist() == ["spam", "ham", "spam"]
    assert set(table.column("model").to_pylist()) == {production}
    assert {path.parent.name for path in PREDICTIONS.rglob("*.parquet")} == {"day=02", "day=03"}
    summary = json.loads(SUMMARY.read_text())
    assert (summary["messages"], summary["spam"], summary["spam_share"]) == (3, 2, 0.6667)
    assert summary["window"] == {"from": "2002-09-02", "to": "2002-09-09"}
    assert sum(summary["histogram"]) == 3
    # The empty registry of a fresh clone has been filled on the way.
    assert registry.find(production) == "1"


def test_scoring_again_gives_the_same_bytes(production: str):
    write_batch([SPAM_TEXT, HAM_TEXT])
    infer.run(params())
    first = tree_digest(PREDICTIONS)
    infer.run(params())
    assert tree_digest(PREDICTIONS) == first


def test_window_without_mail_gives_no_predictions(production: str):
    write_batch([])
    infer.run(params())
    assert list(PREDICTIONS.iterdir()) == []
    assert json.loads(SUMMARY.read_text())["spam_share"] is None


def test_embeddings_of_other_messages_are_refused(production: str):
    write_batch([SPAM_TEXT, HAM_TEXT])
    mail = pq.read_table(MAIL)
    pq.write_table(mail.take([1, 0]), MAIL)
    with pytest.raises(DataError, match="dvc repro embed"):
        infer.run(params())
    assert not PREDICTIONS.exists()
    assert not SUMMARY.exists()


def test_no_production_model_is_one_line_with_its_fix(registry: ModelRegistry):
    with pytest.raises(RegistryError, match=r"nothing is in production yet.*make run"):
        infer.run(params())


def test_production_model_that_nobody_has_is_said(registry: ModelRegistry):
    write_pointer(Pointer("spamline", "f" * 64, None))
    with pytest.raises(RegistryError, match=r"has no model ffffffffffff.*make run"):
        infer.run(params())


@pytest.mark.slow
def test_dead_store_keeps_the_local_predictions_and_they_arrive_later(
    production: str, s3_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    for name, value in s3_environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    tree = yaml.safe_load(Path("params.yaml").read_text())
    tree["stores"]["predictions"] = "s3://elsewhere/never"
    Path("params.yaml").write_text(yaml.safe_dump(tree))
    monkeypatch.setenv(PREDICTIONS_URL, "s3://spamline/infer-stage")
    write_batch([SPAM_TEXT])
    with monkeypatch.context() as wrong:
        wrong.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
        with pytest.raises(StoreError, match="s3://spamline/infer-stage: the secret") as caught:
            infer.run(params())
    assert "another-secret" not in str(caught.value)
    assert json.loads(SUMMARY.read_text())["messages"] == 1
    (written,) = PREDICTIONS.rglob("*.parquet")
    infer.run(params())
    stored = f"s3://spamline/infer-stage/{written.relative_to(PREDICTIONS)}"
    assert filesystem().cat(stored) == written.read_bytes()


@pytest.mark.slow
def test_embeddings_of_another_encoder_are_made_anew(production: str):
    write_batch([SPAM_TEXT, HAM_TEXT], encoder="another")
    infer.run(params())
    assert pq.read_table(PREDICTIONS).column("verdict").to_pylist() == ["spam", "ham"]
