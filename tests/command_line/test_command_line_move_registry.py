"""Moving the models of a checkout's own registry to a team's server, with the real command line."""

from __future__ import annotations

import dataclasses
import os
import signal
import uuid
from typing import Any

import pytest

from stages.machine.files import sha256, tree_digest
from stages.machine.variables import TRACKING_URI
from stages.records.layout import Layout
from stages.registry.mlflow.connect import open_at
from stages.registry.mlflow.location import locate
from stages.registry.mlflow.models import CHAMPION, ModelRegistry
from stages.registry.registration import Identity, registration_of
from tests.command_line.project import DEAD, Project
from tests.registry.samples import receipt_of

pytestmark = pytest.mark.slow


@pytest.fixture
def owner(evaluated: Project) -> Project:
    """A project whose own registry has two models: the champion, and one that was refused."""
    evaluated.edit(registry__name=f"spamline-{uuid.uuid4().hex[:8]}")
    layout = Layout(evaluated.folder)
    registry = own(evaluated)
    for number, (weights, accepted) in enumerate([("first", True), ("second", False)], start=1):
        model = layout.model
        (model / "classifier.skops").write_text(weights)
        digest = tree_digest(model)
        receipt = receipt_of(digest, accepted=accepted)
        evidence = layout.evidence if accepted else ()
        stored = registry.register(registration_of(digest, model, receipt, evidence))
        assert stored.version == str(number)
        if accepted:
            registry.set_alias(CHAMPION, digest)
            registry._client.set_model_version_tag(registry.name, "1", "reviewed", "by a person")
    return evaluated


def own(project: Project) -> ModelRegistry:
    return open_at(locate(None, {}, Layout(project.folder)), project.tree()["registry"]["name"])


def teams(project: Project, environment: dict[str, str]) -> ModelRegistry:
    name = project.tree()["registry"]["name"]
    return open_at(locate(environment[TRACKING_URI], layout=Layout(project.folder)), name)


def contents(registry: ModelRegistry) -> list[dict[str, Any]]:
    """Return all that `registry` says of its models, in order, with the digests of their files."""
    found = []
    for identity in registry.models():
        with registry.stored(identity) as stored:
            assert stored.packed is not None
            said = dataclasses.asdict(stored)
            # Not where the files are at the moment.
            said["packed"] = tree_digest(stored.packed)
            assert said["packed"] == identity.packed
            said["evidence"] = sorted(
                (path.name, tree_digest(path) if path.is_dir() else sha256(path))
                for path in stored.evidence
            )
            said["folder"] = tree_digest(stored.folder)
        found.append(said | {"version": registry.find(identity.model)})
    return found


def test_every_model_arrives_whole_and_once(
    owner: Project, mlflow_environment: dict[str, str]
) -> None:
    before = contents(own(owner))
    owner.environment[TRACKING_URI] = mlflow_environment[TRACKING_URI]
    said = owner.do("move-registry")
    assert f"2 of 2 models of {owner.tree()['registry']['name']} copied" in said
    assert f"champion is {before[0]['digest'][:12]}" in said

    registry = teams(owner, mlflow_environment)
    assert contents(registry) == before
    assert [model["version_tags"]["gate"] for model in before] == ["accepted", "refused"]
    assert before[0]["version_tags"]["reviewed"] == "by a person"
    evidence = ["metrics.json", "plots", "report.json", "trials.csv"]
    assert [name for name, _ in before[0]["evidence"]] == evidence
    assert registry.holder(CHAMPION) == Identity(before[0]["digest"], before[0]["packed"])

    # The team has moved on: a second move leaves that alone.
    registry.set_alias(CHAMPION, before[1]["digest"])
    said = owner.do("move-registry")
    assert "0 of 2 models" in said
    assert "2 were there" in said
    assert f"champion is {before[1]['digest'][:12]}" in said
    assert contents(registry) == before
    del owner.environment[TRACKING_URI]
    assert contents(own(owner)) == before


def test_a_killed_move_is_finished_by_the_next(
    owner: Project, mlflow_environment: dict[str, str]
) -> None:
    before = contents(own(owner))
    owner.environment[TRACKING_URI] = mlflow_environment[TRACKING_URI]
    move = owner.start("move-registry")
    assert move.stderr is not None
    assert move.stderr.readline().startswith("moving models: 1/2")
    os.kill(move.pid, signal.SIGKILL)
    move.communicate()
    registry = teams(owner, mlflow_environment)
    assert contents(registry) == before[:1]
    assert "1 of 2 models" in owner.do("move-registry")
    assert contents(registry) == before


def test_moves_that_make_no_sense_are_one_line(evaluated: Project) -> None:
    assert "source and target are one registry" in evaluated.refuse("move-registry")
    evaluated.environment[TRACKING_URI] = DEAD
    assert "data/register/mlflow/mlflow.db has no models" in evaluated.refuse("move-registry")
    assert not (evaluated.folder / "data/register/mlflow").exists()
    del evaluated.environment[TRACKING_URI]
    line = evaluated.refuse("move-registry", "--source", DEAD.replace("//", "//user:secret@"))
    assert f"the registry {DEAD} failed" in line
    assert "name another --source" in line
    assert "secret" not in line


def test_a_target_that_is_down_and_a_source_that_is_damaged(owner: Project) -> None:
    owner.environment[TRACKING_URI] = DEAD
    assert f"the registry {DEAD} failed" in owner.refuse("move-registry")
    stored = owner.folder.glob(
        "data/register/mlflow/artifacts/models/*/artifacts/data/model/*.skops"
    )
    for path in stored:
        path.write_text("other weights")
    owner.environment[TRACKING_URI] = f"sqlite:///{owner.folder}/other/mlflow.db"
    line = owner.refuse("move-registry")
    assert "holds other bytes" in line
    assert "restore its files" in line
