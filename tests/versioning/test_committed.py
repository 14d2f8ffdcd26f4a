"""A run says whether its outputs are those that the committed lock names for the same inputs."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages.records.layout import Layout
from stages.records.metrics import Headline
from stages.versioning.committed import differing_metrics, differing_outputs

LOCK: dict[str, Any] = {
    "schema": "2.0",
    "stages": {
        "embed@train": {
            "cmd": "python -m stages embed train",
            "deps": [{"path": "stages/embed.py", "hash": "md5", "md5": "c0de", "size": 1}],
            "params": {"params.yaml": {"encoder.dim": 384}},
            "outs": [{"path": "data/embed/train.parquet", "hash": "md5", "md5": "aa", "size": 9}],
        },
        "train": {
            "cmd": "python -m stages train",
            "deps": [
                {"path": "data/embed/train.parquet", "hash": "md5", "md5": "aa", "size": 9},
                {"path": "data/production.json", "hash": "md5", "md5": "bb", "size": 3},
            ],
            "outs": [{"path": "data/train/model", "hash": "md5", "md5": "cc.dir", "nfiles": 3}],
        },
    },
}


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def lock(tmp_path: Path) -> dict[str, Any]:
    """The committed lock, to be changed and written by `after`."""
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump(LOCK))
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "dvc.lock")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    return copy.deepcopy(LOCK)


def after(folder: Path, lock: dict[str, Any]) -> list[str] | None:
    (folder / "dvc.lock").write_text(yaml.safe_dump(lock))
    return differing_outputs(Layout(folder))


def test_the_same_bytes(tmp_path: Path, lock: dict[str, Any]) -> None:
    assert after(tmp_path, lock) == []


def test_other_bytes_of_the_same_inputs(tmp_path: Path, lock: dict[str, Any]) -> None:
    stages = lock["stages"]
    stages["embed@train"]["outs"][0]["md5"] = stages["train"]["deps"][0]["md5"] = "other"
    stages["train"]["outs"][0]["md5"] = "other.dir"
    # Neither what another stage made nor the local production model is an input.
    stages["train"]["deps"][1]["md5"] = "local"
    assert after(tmp_path, lock) == ["data/embed/train.parquet", "data/train/model"]


@pytest.mark.parametrize(
    ("stage", "change"),
    [
        ("embed@train", {"cmd": "python -m stages embed batch"}),
        ("embed@train", {"params": {"params.yaml": {"encoder.dim": 768}}}),
        ("embed@train", {"deps": []}),
        ("monitor", {"cmd": "python -m stages monitor"}),
    ],
)
def test_other_inputs_are_not_compared(
    tmp_path: Path, lock: dict[str, Any], stage: str, change: dict[str, Any]
) -> None:
    lock["stages"].setdefault(stage, {}).update(change)
    assert after(tmp_path, lock) is None


def test_by_how_much_the_metrics_differ(tmp_path: Path, lock: dict[str, Any]) -> None:
    layout = Layout(tmp_path)
    Headline({"f1": 0.9, "ece": 0.1, "brier": None}).write(layout)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "two")
    assert differing_metrics(layout) == {}
    Headline({"f1": 0.8, "ece": 0.1, "brier": None, "new": 1.0}).write(layout)
    assert differing_metrics(layout) == {"f1": (0.9, 0.8)}


def test_without_a_committed_lock_nothing_is_compared(tmp_path: Path) -> None:
    assert after(tmp_path, LOCK) is None
    git(tmp_path, "init", "--quiet")
    assert after(tmp_path, LOCK) is None
