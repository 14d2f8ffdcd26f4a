"""What every test needs: where the checkout is, and a small composition of its configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Servers

# As `python -m stages` pins it; read by OpenBLAS when numpy is first imported.
os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout under test."""
    return ROOT


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
