"""What every test needs: where the checkout is, and a small composition of its configuration."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages import config
from tests.forge.forge_server import ForgeServer
from tests.servers import Servers

# As `python -m stages` pins it; read by OpenBLAS when numpy is first imported.
os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "X86_V4 AVX512_ICL AVX512_SPR")

ROOT = Path(__file__).resolve().parents[1]


# Files of minutes: begun first, they are not what a test run waits for in the end. The second one
# needs no first run of the pipeline, which the first one is making.
LONGEST = (
    "test_crash.py",
    "test_command_line_mlflow_server.py",
    "test_trust.py",
    "test_drive.py",
    "test_living.py",
    "test_team.py",
    "test_whole.py",
    "test_ray.py",
    "test_command_line_replay.py",
    "test_command_line_move_registry.py",
    "test_command_line_registry.py",
    "test_local.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within a file stays."""
    place = {name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout under test."""
    return ROOT


@pytest.fixture(scope="session")
def minilm(root: Path) -> config.Encoder:
    """The default encoder, as `conf/` composes it."""
    return config.validate(config.compose(conf=root / "conf"), "conf/").encoder


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The team's servers, none of them started yet; those that run stop with the session."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    servers = Servers(tmp_path_factory.mktemp("servers"), int(worker))
    yield servers
    servers.close()


@pytest.fixture
def s3_environment(servers: Servers) -> dict[str, str]:
    """What `.env` says, while the S3 server runs."""
    servers.start("s3")
    return servers.environment


@pytest.fixture
def postgres_environment(servers: Servers) -> dict[str, str]:
    """What `.env` says, while PostgreSQL runs."""
    servers.start("postgres")
    return servers.environment


@pytest.fixture
def mlflow_environment(servers: Servers) -> dict[str, str]:
    """What `.env` says, while all three servers run."""
    servers.start("mlflow")
    return servers.environment


@pytest.fixture
def forge_server() -> Iterator[ForgeServer]:
    """A server that records what it is told, as GitHub would."""
    with ForgeServer().running() as server:
        yield server


@pytest.fixture(scope="session")
def tiny_filter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model folder, trained on forty messages by their words alone."""
    import numpy as np

    from stages.model.scoring.messages import Messages
    from stages.model.training.fitting import fit_filter
    from stages.model.training.saving import save_filter
    from stages.records.specification import TrainedOn
    from tests.registry.samples import ENCODER, HAM_TEXT, SPAM_TEXT, SPECIFICATION

    texts = [f"{SPAM_TEXT} {i}" for i in range(20)] + [f"{HAM_TEXT} {i}" for i in range(20)]
    features = dataclasses.replace(
        SPECIFICATION.features, embedding=False, words=True, hash_bits=10, max_chars=1000
    )
    trained = fit_filter(
        Messages(np.zeros((40, ENCODER.dim), np.float32), [""] * 40, texts),
        np.arange(40) < 20,
        features=features,
        classifier=config.Linear(kind="logistic_regression", C=[1.0, 10.0]),
        search=config.Search(trials=1, folds=2),
        decision=config.OperatingPoint(ham_false_positive_rate=0.1),
        seed=1,
    )
    folder = tmp_path_factory.mktemp("tiny") / "model"
    trained_on = TrainedOn(
        spam=20,
        ham=20,
        first=dt.datetime(2002, 7, 1, tzinfo=dt.UTC),
        last=dt.datetime(2002, 7, 31, tzinfo=dt.UTC),
        classifier="logistic_regression",
        hyperparameters=trained.hyperparameters,
        seed=1,
    )
    save_filter(folder, trained, encoder=ENCODER, features=features, trained_on=trained_on)
    return folder
