import datetime as dt
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages import config, infer
from stages.infer import InferParams
from stages.machine.errors import DataError, RegistryError
from stages.machine.files import tree_digest
from stages.model.space import fingerprint
from stages.records.layout import Layout
from stages.records.messages import MESSAGE_SCHEMA
from stages.records.pointer import Pointer
from stages.registry.mlflow.models import ModelRegistry
from stages.registry.shelves import RegistryShelf
from tests.registry.samples import ENCODER, HAM_TEXT, SPAM_TEXT

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
    return InferParams(window, config.Inference(batch_rows=rows))


def write_batch(layout: Layout, texts: list[str], encoder: str = fingerprint(ENCODER)) -> None:
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
    mail, embeddings = layout.messages("batch"), layout.embeddings("batch")
    mail.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=MESSAGE_SCHEMA), mail)
    embeddings.parent.mkdir(parents=True, exist_ok=True)
    flat = pa.array(np.zeros(len(texts) * ENCODER.dim, np.float32))
    table = pa.table(
        {
            "id": pa.array([row["id"] for row in rows], pa.string()),
            "embedding": pa.FixedSizeListArray.from_arrays(flat, ENCODER.dim),
        }
    )
    pq.write_table(table.replace_schema_metadata({"encoder": encoder}), embeddings)


@pytest.fixture
def production(registry: ModelRegistry, layout: Layout, tiny_filter: Path) -> str:
    """A model in production that the registry lacks and this checkout has."""
    shutil.copytree(tiny_filter, layout.model)
    digest = tree_digest(layout.model)
    Pointer("spamline", digest, None).write(layout)
    return digest


def test_batch_is_scored_by_the_model_of_the_pointer(
    production: str, registry: ModelRegistry, layout: Layout, shelf: RegistryShelf
) -> None:
    write_batch(layout, [SPAM_TEXT, HAM_TEXT, SPAM_TEXT])
    infer.run(params(), layout, shelf)
    table = pq.read_table(layout.predictions)
    assert table.column("verdict").to_pylist() == ["spam", "ham", "spam"]
    assert set(table.column("model").to_pylist()) == {production}
    assert {path.parent.name for path in layout.predictions.rglob("*.parquet")} == {
        "day=02",
        "day=03",
    }
    summary = json.loads(layout.infer_summary.read_text())
    assert (summary["messages"], summary["spam"], summary["spam_share"]) == (3, 2, 0.6667)
    assert summary["window"] == {"from": "2002-09-02", "to": "2002-09-09"}
    assert sum(summary["histogram"]) == 3
    # The empty registry of a fresh clone has been filled on the way.
    assert registry.find(production) == "1"


def test_scoring_again_gives_the_same_bytes(
    production: str, layout: Layout, shelf: RegistryShelf
) -> None:
    write_batch(layout, [SPAM_TEXT, HAM_TEXT])
    infer.run(params(), layout, shelf)
    first = tree_digest(layout.predictions)
    infer.run(params(), layout, shelf)
    assert tree_digest(layout.predictions) == first


def test_window_without_mail_gives_no_predictions(
    production: str, layout: Layout, shelf: RegistryShelf
) -> None:
    write_batch(layout, [])
    infer.run(params(), layout, shelf)
    assert list(layout.predictions.iterdir()) == []
    assert json.loads(layout.infer_summary.read_text())["spam_share"] is None


def test_embeddings_of_other_messages_are_refused(
    production: str, layout: Layout, shelf: RegistryShelf
) -> None:
    write_batch(layout, [SPAM_TEXT, HAM_TEXT])
    mail = pq.read_table(layout.messages("batch"))
    pq.write_table(mail.take([1, 0]), layout.messages("batch"))
    with pytest.raises(DataError, match="dvc repro embed"):
        infer.run(params(), layout, shelf)
    assert not layout.predictions.exists()
    assert not layout.infer_summary.exists()


def test_no_production_model_is_one_line_with_its_fix(
    registry: ModelRegistry, layout: Layout, shelf: RegistryShelf
) -> None:
    with pytest.raises(RegistryError, match=r"nothing is in production yet.*make run"):
        infer.run(params(), layout, shelf)


def test_production_model_that_nobody_has_is_said(
    registry: ModelRegistry, layout: Layout, shelf: RegistryShelf
) -> None:
    Pointer("spamline", "f" * 64, None).write(layout)
    with pytest.raises(RegistryError, match=r"has no model ffffffffffff.*make run"):
        infer.run(params(), layout, shelf)


@pytest.mark.slow
def test_embeddings_of_another_encoder_are_made_anew(
    production: str, layout: Layout, shelf: RegistryShelf
) -> None:
    write_batch(layout, [SPAM_TEXT, HAM_TEXT], encoder="another")
    infer.run(params(), layout, shelf)
    assert pq.read_table(layout.predictions).column("verdict").to_pylist() == ["spam", "ham"]
