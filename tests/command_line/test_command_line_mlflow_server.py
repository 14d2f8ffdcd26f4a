"""What a person sees whose MLflow server, or what it stands on, is down; and once it is back."""

from __future__ import annotations

import re
import time
import uuid

import pytest

from stages.machine.files import tree_digest
from stages.machine.variables import TRACKING_URI
from stages.records.layout import Layout
from stages.registry.mlflow.connect import open_at
from stages.registry.mlflow.location import locate
from stages.registry.mlflow.models import ModelRegistry
from tests.command_line.project import Project
from tests.command_line.samples import in_production
from tests.servers import Servers

pytestmark = pytest.mark.slow


@pytest.fixture
def team(trained: Project, mlflow_environment: dict[str, str]) -> Project:
    """The trained project, whose registry is the team's server under a name of its own."""
    trained.edit(registry__name=f"spamline-{uuid.uuid4().hex[:8]}")
    (trained.folder / ".env").write_text(
        f"{TRACKING_URI}={mlflow_environment[TRACKING_URI].replace('//', '//user:secret@')}\n"
    )
    return trained


def registry_of(team: Project, servers: Servers) -> ModelRegistry:
    name = team.tree()["registry"]["name"]
    return open_at(locate(servers.environment[TRACKING_URI]), name)


def refuse(team: Project, servers: Servers, verb: str) -> str:
    began = time.monotonic()
    line = team.refuse(verb)
    assert time.monotonic() - began < 30
    assert f"the registry {servers.environment[TRACKING_URI]} failed: " in line
    assert "make up" in line
    for name, value in servers.environment.items():
        assert not ("SECRET" in name or "PASSWORD" in name) or value not in line
    assert "secret" not in line
    return line


def test_a_server_that_is_down_and_comes_back(team: Project, servers: Servers) -> None:
    digest = in_production(team)
    servers.stop("mlflow")
    assert "Connection refused" in refuse(team, servers, "register")
    assert not (Layout(team.folder).receipt).exists()
    assert "Connection refused" in refuse(team, servers, "infer")
    servers.start("mlflow")
    assert "version 1" in team.do("register")
    assert f"by {digest[:12]}" in team.do("infer")


@pytest.mark.parametrize(
    ("store", "said"),
    # Without S3 the server answers late, with an error, or not at all: a race it has with itself.
    [("postgres", "too many 503"), ("s3", "timed out|too many 500|Connection (reset|aborted)")],
)
def test_a_server_whose_store_is_down_and_comes_back(
    team: Project, servers: Servers, store: str, said: str
) -> None:
    digest = in_production(team)
    # Asked once: the server's own first question to a dead database takes it 100 s.
    registry = registry_of(team, servers)
    servers.stop(store)
    assert re.search(said, refuse(team, servers, "register"))
    assert not (Layout(team.folder).receipt).exists()
    servers.start(store)
    assert registry.find(digest) is None
    assert "version 1" in team.do("register")
    servers.stop(store)
    assert re.search(said, refuse(team, servers, "infer"))
    servers.start(store)
    assert f"by {digest[:12]}" in team.do("infer")
    assert tree_digest(registry.obtain(digest)) == digest
