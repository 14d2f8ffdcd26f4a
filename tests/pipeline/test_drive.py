"""The loop lived through: the workflow files themselves, from the first quiet day to a rollback."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forge.forge_server import NAME, ForgeServer
from tests.pipeline.conftest import Clone
from tests.pipeline.world import BRANCH, DRIFTING, QUIET, Act, World, make_world
from tests.servers import Servers

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(
    root: Path,
    first: Clone,
    servers: Servers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    servers.start("s3")
    folder = tmp_path_factory.mktemp("drive") / "drive"
    with ForgeServer().running() as forge:
        yield make_world(root, folder, first, servers.environment, forge)


@pytest.fixture(scope="module")
def act(world: World) -> Act:
    return Act(world)


def replayed(day: str) -> dict[str, str]:
    """What lets a schedule's today be a day of the corpus."""
    return {"SPAMLINE_REPLAY": f"{dt.datetime.now(dt.UTC).date()}:{day}"}


def pull_request(number: int, home: str = NAME) -> dict[str, object]:
    return {
        "number": number,
        "pull_request": {"number": number, "head": {"repo": {"full_name": home}}},
    }


def test_a_life(world: World, act: Act) -> None:
    """One after the other, as the days go."""
    main = world.branches()["main"]
    old = world.pointer()["model"]

    log = act.run("monitor.yml", "schedule", world.clone("day1"), more=replayed(QUIET))
    assert "main stays as it is" in log
    assert world.branches() == {"main": main}
    assert world.forge.pulls == world.forge.issues == []
    assert [row[1:] for row in world.history()] == [(QUIET, "changed")]

    inputs = {"as_of": DRIFTING, "force": "false", "dry_run": "false"}
    act.run("monitor.yml", "workflow_dispatch", world.clone("day2"), inputs=inputs)
    proposed = world.branches()
    assert proposed.keys() == {"main", BRANCH}
    assert proposed["main"] == main
    assert world.git("rev-list", "--count", f"main..{BRANCH}") == "1"
    (pull,) = world.forge.pulls
    assert (pull["head"]["ref"], pull["state"]) == (BRANCH, "open")
    new = world.pointer(BRANCH)["model"]
    assert world.pointer(BRANCH)["previous"] == old
    assert pull["body"].startswith(f"**Accepted: merging puts model {new[:12]} into production")
    assert f"/raw/{proposed[BRANCH]}/data/review/quality.png" in pull["body"]
    assert world.versions() == [old, new]
    assert world.champion() == old
    # A token of the workflow's own starts no checks by itself.
    assert [d["workflow"] for d in world.forge.dispatches] == ["test.yml", "model-review.yml"]

    log = act.run("monitor.yml", "schedule", world.clone("again"), more=replayed(DRIFTING))
    assert "is open: that stands" in log
    assert world.branches() == proposed
    assert len(world.forge.pulls) == 1
    assert world.versions() == [old, new]

    for _ in range(2):
        clone = world.clone("review", BRANCH)
        log = act.run("model-review.yml", "pull_request", clone, about=pull_request(pull["number"]))
        assert "computed again" not in log
        (comment,) = world.forge.comments[pull["number"]]
        assert f"model {new[:12]} into production" in comment["body"].split("\n")[1]
    assert f"/raw/{proposed[BRANCH]}/data/review/quality.png" in comment["body"]

    merged = world.clone("person")
    merged.run("git", "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{BRANCH}")
    merged.run("git", "push", "--quiet", "origin", "main")
    world.forge.close(pull["number"], merged=True)
    act.run("promote.yml", "push", world.clone("promoted"))
    assert world.pointer()["model"] == world.champion() == new

    inputs = {"as_of": "2002-09-16", "force": "false", "dry_run": "true"}
    act.run("monitor.yml", "workflow_dispatch", world.clone("day3"), inputs=inputs)
    assert world.history()[-1][:2] == (new, "2002-09-16")
    assert len(world.forge.pulls) == 1

    merged.run("git", "revert", "--no-edit", "--mainline", "1", "HEAD")
    merged.run("git", "push", "--quiet", "origin", "main")
    act.run("promote.yml", "push", world.clone("reverted"))
    assert world.pointer()["model"] == world.champion() == old
    assert world.versions() == [old, new]


def test_a_forks_pull_request_is_green_without_any_secret(world: World, act: Act) -> None:
    """The checkout under test, on a runner that knows nothing: lint, and the tests' own command.

    Which tests it runs is not the point: the small pipeline without secrets is what `first` is.
    """
    fork = Clone(world.folder / "fork", world.environment)
    world.git("clone", "--quiet", str(world.root), str(fork.folder), cwd=".")
    about = pull_request(7, home="stranger/spamline")
    # mypy takes minutes without what it knows of the same files from `make lint` out here.
    small = {
        "PYTEST_ADDOPTS": "tests/mail/test_message.py -k where_subject",
        "MYPY_CACHE_DIR": str(world.root / ".mypy_cache"),
    }
    log = act.run("test.yml", "pull_request", fork, about=about, secrets=False, more=small)
    assert log.count("Job succeeded") == 2
    assert "1 passed" in log
    asked = len(world.forge.asked)
    act.run("model-review.yml", "pull_request", fork, about=about, secrets=False)
    assert len(world.forge.asked) == asked
