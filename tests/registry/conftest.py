"""A checkout, model folders and a real MLflow registry on SQLite."""

from __future__ import annotations

import dataclasses
import json
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from stages.machine.files import tree_digest
from stages.machine.variables import TRACKING_URI
from stages.records.pointer import Pointer, write_pointer
from stages.registry.mlflow.connect import open_at, open_registry
from stages.registry.mlflow.location import HOME, locate
from stages.registry.mlflow.models import ModelRegistry
from tests.registry.samples import ENCODER, LOCAL


@pytest.fixture
def checkout(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout as the current folder, with a pointer that names no model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(TRACKING_URI, raising=False)
    # Where the stores are.
    shutil.copy(root / "params.yaml", "params.yaml")
    write_pointer(Pointer(LOCAL.name, None, None))
    return tmp_path


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file of a registry without models: making it anew costs each test two seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("empty-registry"))
        patch.delenv(TRACKING_URI, raising=False)
        open_at(locate(None), LOCAL.name)
        return (HOME / "mlflow.db").resolve()


@pytest.fixture
def registry(request: pytest.FixtureRequest, checkout: Path, empty_database: Path) -> ModelRegistry:
    """A registry without models: the checkout's embedded one, or a team's server (see `both`)."""
    if getattr(request, "param", "embedded") == "server":
        servers = request.getfixturevalue("mlflow_environment")
        # All tests share the server: a name of its own is as good as an empty registry.
        name = f"spamline-{uuid.uuid4().hex[:8]}"
        return open_at(locate(servers[TRACKING_URI]), name)
    HOME.mkdir(parents=True)
    shutil.copy(empty_database, HOME / "mlflow.db")
    return open_registry(LOCAL)


@pytest.fixture
def make_model(checkout: Path) -> Callable[..., str]:
    """Write a model folder whose classifier is `content`; return its digest."""

    def make(content: str = "weights", folder: str = "data/train/model") -> str:
        target = checkout / folder
        target.mkdir(parents=True, exist_ok=True)
        described = {"encoder": dataclasses.asdict(ENCODER), "threshold": 0.5}
        (target / "model.json").write_text(json.dumps(described))
        (target / "classifier.skops").write_text(content)
        return tree_digest(target)

    return make
