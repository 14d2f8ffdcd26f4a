"""The seven stages on real mail, small: what a person with a fresh clone goes through."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.pipeline.conftest import Clone

pytestmark = pytest.mark.slow


def versions(clone: Clone) -> int:
    """How many versions of the model the clone's registry holds."""
    code = (
        "from stages.registry.mlflow.connect import quiet_environment\n"
        "from stages.registry.mlflow.location import locate\n"
        "from stages import config\n"
        "quiet_environment()\n"
        "from mlflow import MlflowClient\n"
        "uri = locate(config.load().stores.registry).uri\n"
        "print(len(MlflowClient(uri, uri).search_model_versions(\"name = 'spamline'\")))"
    )
    return int(clone.run("python", "-c", code).split()[-1])


def test_the_first_run_ends_with_a_summary_and_a_model_in_production(first: Clone) -> None:
    said = first.environment["FIRST_RUN"]
    for title in ("Data", "Model ", "Gate: accepted", "Predictions", "Drift: ", "Look next"):
        assert re.search(rf"^{title}", said, re.M), said
    pointer = json.loads(first.read("data/production.json"))
    receipt = json.loads(first.read("data/register/receipt.json"))
    losses = ("one_minus_auc_percent", "log_loss")
    achieved = {name: receipt["metrics"][name]["value"] for name in losses}
    error = pointer["holdout"].pop("log_loss_error")
    assert 0 < error < receipt["metrics"]["log_loss"]["high"]
    assert pointer == {
        "model": receipt["model"],
        "name": "spamline",
        "previous": None,
        "holdout": {**receipt["holdout"], **achieved},
    }
    assert versions(first) == 1
    assert (first.folder / "data/monitor/report.html").stat().st_size > 10_000


def test_a_second_repro_runs_nothing_and_registers_nothing(first: Clone) -> None:
    before = first.read("dvc.lock")
    said = first.dvc("repro")
    assert "up to date" in said
    assert "Running stage" not in said
    assert first.read("dvc.lock") == before
    assert first.run("git", "status", "--porcelain") == ""


def test_no_holdout_message_and_no_copy_of_one_is_in_training(first: Clone) -> None:
    import pyarrow.parquet as pq

    train, holdout = (
        pq.read_table(first.folder / f"data/fetch/{split}.parquet", columns=["id", "group"])
        for split in ("train", "holdout")
    )
    for column in ("id", "group"):
        assert not set(train[column].to_pylist()) & set(holdout[column].to_pylist())


def test_a_plain_repro_of_a_fresh_clone_gives_the_same_bytes_and_fills_its_registry(
    first: Clone, tmp_path: Path
) -> None:
    """Lock and receipt match, so DVC skips register; the registry of a fresh clone is empty."""
    second = first.clone(tmp_path / "elsewhere" / "deeper")
    said = second.dvc("repro")
    assert "'register' didn't change, skipping" in said
    assert second.read("dvc.lock") == first.read("dvc.lock")
    assert second.run("git", "status", "--porcelain") == ""
    assert versions(second) == 1
    second.stages("promote")
    assert second.dvc("repro", "--force").count("Running stage") == 9
    assert second.read("dvc.lock") == first.read("dvc.lock")
    assert versions(second) == 1


def test_a_pointer_to_a_model_that_nobody_has(first: Clone, tmp_path: Path) -> None:
    """As if other hardware had trained other bytes: the committed pointer names a lost model."""
    other = first.clone(tmp_path / "other")
    pointer = other.folder / "data/production.json"
    own = json.loads(pointer.read_text())["model"]
    pointer.write_text(pointer.read_text().replace(own, "0" * 64))
    other.commit("a model of other hardware")

    said = other.dvc("repro", status=255)
    assert "000000000000" in said
    assert "make run" in said

    said = other.stages("run")
    assert re.search(r"run: data/production\.json names the model 000000000000", said)
    assert json.loads(pointer.read_text()) == json.loads(first.read("data/production.json"))
    assert versions(other) == 1
    assert "up to date" in other.dvc("repro")
