"""Stages that a cluster does write what they write alone; the cluster is this process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from stages import config, embed, fetch, infer
from stages.compute.job import Parted
from stages.machine.files import tree_digest
from stages.machine.parquet import read_parquet, write_parquet
from stages.machine.variables import CACHE
from stages.records.layout import Layout
from stages.records.messages import MESSAGE_SCHEMA
from stages.replay.workspace import FolderShelf
from stages.stores.parts import Folder
from tests.compute.samples import BATCHES, ROWS, SOURCE, WINDOW, Here, write_project
from tests.registry.samples import ENCODER

DUPLICATES = config.Duplicates(similarity=0.7, shingle_words=5, permutations=16)


@pytest.fixture
def project(tmp_path: Path, tiny_filter: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    layout = write_project(tmp_path / "project", tiny_filter)
    monkeypatch.setenv(CACHE, str(layout.root / "cache"))
    return layout


@pytest.fixture
def cluster(tmp_path: Path) -> Parted:
    return Parted(Folder(tmp_path / "parts"), 2 * ROWS, Here())


def test_mail_that_a_cluster_has_parsed_is_the_same(project: Layout, cluster: Parted) -> None:
    params = fetch.FetchParams(1, SOURCE, WINDOW, DUPLICATES)
    line = fetch.run(params, project)
    alone = tree_digest(project.data / "fetch")
    assert fetch.run(params, project, cluster=cluster) == line
    assert f"batch {BATCHES * ROWS} " in line
    assert tree_digest(project.data / "fetch") == alone


def test_mail_that_a_cluster_has_scored_is_the_same(project: Layout, cluster: Parted) -> None:
    fetch.run(fetch.FetchParams(1, SOURCE, WINDOW, DUPLICATES), project)
    write_parquet(project.embeddings("batch"), embed.schema(ENCODER), zeros(project))
    params, shelf = infer.InferParams(WINDOW, config.Inference(batch_rows=7)), models(project)
    line = infer.run(params, project, shelf)
    alone = tree_digest(project.data / "infer")
    assert infer.run(params, project, shelf, cluster=cluster) == line
    assert tree_digest(project.data / "infer") == alone


def test_no_mail_needs_no_node(project: Layout, cluster: Parted) -> None:
    write_parquet(project.messages("batch"), MESSAGE_SCHEMA, [])
    write_parquet(project.embeddings("batch"), embed.schema(ENCODER), [])
    params = infer.InferParams(WINDOW, config.Inference(batch_rows=7))
    assert "infer: 0 messages" in infer.run(params, project, models(project), cluster=cluster)


def models(project: Layout) -> FolderShelf:
    return FolderShelf(project.root / "models")


def zeros(project: Layout) -> list[pa.RecordBatch]:
    """Embeddings of the batch, which the tiny filter does not look at."""
    schema = embed.schema(ENCODER)
    ids = pa.schema([MESSAGE_SCHEMA.field("id")])
    made = []
    for batch in read_parquet(project.messages("batch"), ids, fix=""):
        flat = pa.array(np.zeros(batch.num_rows * ENCODER.dim, np.float32))
        vectors = pa.FixedSizeListArray.from_arrays(flat, ENCODER.dim)
        made.append(pa.record_batch([batch.column("id"), vectors], schema=schema))
    return made
