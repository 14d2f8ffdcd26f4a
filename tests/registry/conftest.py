"""A checkout, model folders and a real MLflow registry on SQLite."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from stages.machine.files import tree_digest
from stages.machine.variables import TRACKING_URI
from stages.records.layout import Layout
from stages.records.pointer import Pointer
from stages.records.specification import write_specification
from stages.registry.mlflow.connect import open_at, open_registry
from stages.registry.mlflow.location import locate
from stages.registry.mlflow.models import ModelRegistry
from stages.registry.shelves import RegistryShelf
from tests.registry.samples import LOCAL, SPECIFICATION


@pytest.fixture
def layout(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """An empty checkout, with a pointer that names no model."""
    monkeypatch.delenv(TRACKING_URI, raising=False)
    layout = Layout(tmp_path)
    # Where the stores are.
    shutil.copy(root / "params.yaml", layout.params)
    Pointer(LOCAL.name, None, None).write(layout)
    return layout


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file of a registry without models: making it anew costs each test two seconds."""
    layout = Layout(tmp_path_factory.mktemp("empty-registry"))
    open_at(locate(None, {}, layout), LOCAL.name)
    return layout.registry / "mlflow.db"


@pytest.fixture
def registry(request: pytest.FixtureRequest, layout: Layout, empty_database: Path) -> ModelRegistry:
    """A registry without models: the checkout's embedded one, or a team's server (see `both`)."""
    if getattr(request, "param", "embedded") == "server":
        servers = request.getfixturevalue("mlflow_environment")
        # All tests share the server: a name of its own is as good as an empty registry.
        name = f"spamline-{uuid.uuid4().hex[:8]}"
        return open_at(locate(servers[TRACKING_URI], layout=layout), name)
    layout.registry.mkdir(parents=True)
    shutil.copy(empty_database, layout.registry / "mlflow.db")
    return open_registry(LOCAL, layout)


@pytest.fixture
def shelf(registry: ModelRegistry, layout: Layout) -> RegistryShelf:
    """The shelf of the checkout, in front of `registry`."""
    shelf = RegistryShelf(LOCAL, layout)
    shelf.registry = registry
    return shelf


@pytest.fixture
def make_model(layout: Layout) -> Callable[..., str]:
    """Write the candidate's folder with a classifier that is `content`; return its digest."""

    def make(content: str = "weights") -> str:
        target = layout.model
        target.mkdir(parents=True, exist_ok=True)
        write_specification(target, SPECIFICATION)
        (target / "classifier.skops").write_text(content)
        return tree_digest(target)

    return make
