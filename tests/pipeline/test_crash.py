"""A retraining that is killed before and in the middle of every step, and then run again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forge.forge_server import ForgeServer
from tests.pipeline.conftest import Clone
from tests.pipeline.world import BRANCH, DRIFTING, World, make_world
from tests.servers import Servers

pytestmark = pytest.mark.slow

# What is printed just before, and how many seconds later the kill comes: at once is before the
# step, later is in its middle.
KILLS = [
    ("window: ", 0.0),
    ("> python -m stages infer", 2.0),
    ("step 1 of 8", 0.0),
    ("step 1 of 8", 0.3),
    ("step 2 of 8", 0.0),
    ("> python -m stages train", 4.0),
    ("> python -m stages evaluate", 3.0),
    ("> python -m stages register", 6.0),
    ("step 3 of 8", 0.0),
    ("step 3 of 8", 3.0),
    ("step 4 of 8", 0.0),
    ("step 4 of 8", 0.7),
    ("step 5 of 8", 0.0),
    ("step 5 of 8", 0.03),
    ("step 6 of 8", 0.0),
    ("step 6 of 8", 1.0),
    ("step 7 of 8", 0.0),
    ("step 7 of 8", 0.05),
    ("step 8 of 8", 0.0),
    ("step 8 of 8", 0.7),
]


@pytest.fixture(scope="module")
def world(
    root: Path, first: Clone, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    servers.start("s3")
    folder = tmp_path_factory.mktemp("crash") / "crash"
    with ForgeServer().running() as forge:
        yield make_world(root, folder, first, servers.environment, forge)


@contextlib.contextmanager
def retraining(clone: Clone, words: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Start a retraining, and yield once it has said `words`; it is not running afterwards."""
    started = subprocess.Popen(
        ["python", "-m", "stages", "retrain", "--as-of", DRIFTING, *options],
        cwd=clone.folder,
        env=clone.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert started.stdout is not None
    log = ""
    try:
        for line in started.stdout:
            log += line
            if words in line:
                break
        assert words in log, log
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        started.stdout.close()


def check(world: World, main: str, versions: list[str]) -> None:
    """Whatever was killed: main is untouched, nothing is there twice, and data came before git."""
    branches = world.branches()
    assert branches.pop("main") == main
    assert set(branches) <= {BRANCH}
    assert len(world.forge.pulls) <= 1
    assert world.champion() == versions[0]
    assert len(world.versions()) == len(set(world.versions())) <= 2
    if branches:
        assert "has everything" in world.clone("check", BRANCH).stages("push", "--check")


def test_killed_at_every_step_in_a_row_and_run_once_more(world: World) -> None:
    """Each run starts from what the kill before it left, in one folder."""
    main, versions = world.branches()["main"], world.versions()
    clone = world.clone("loop")
    world.forge.slow = 1.0
    for words, seconds in KILLS:
        # The forge hears only what is killed in the middle of the last step: a pull request that a
        # late kill let through would stand, and no further step would come.
        world.forge.deaf = (words, seconds) != KILLS[-1]
        with retraining(clone, words):
            time.sleep(seconds)
        if not world.forge.deaf:
            # It goes on with what it was asked.
            time.sleep(world.forge.slow)
        check(world, main, versions)
    world.forge.slow = 0.0
    for folder in (clone, world.clone("fresh")):
        said = folder.stages("retrain", "--as-of", DRIFTING)
        check(world, main, versions)
        (pull,) = world.forge.pulls
        assert pull["body"].startswith("**Accepted: ")
        assert world.git("rev-list", "--count", f"main..{BRANCH}") == "1"
        new = world.pointer(BRANCH)["model"]
        assert world.versions() == [*versions, new]
    assert "that stands" in said
    assert clone.run("git", "status", "--porcelain") == ""
    assert clone.run("git", "symbolic-ref", "--short", "HEAD").strip() == "main"


def test_main_that_moves_meanwhile_is_begun_with_anew_and_its_gate_may_refuse(
    world: World,
) -> None:
    """A person tightens the gate while the model is on its way: nobody proposes by the old one."""
    before = world.branches()
    person = world.clone("person")
    path = person.folder / "conf/size/small.yaml"
    text = path.read_text()
    path.write_text(
        text.replace("max_one_minus_auc_percent: 20.0", "max_one_minus_auc_percent: 0.01")
    )
    person.stages("params")
    person.commit("a stricter gate")
    with retraining(world.clone("loop"), "step 6 of 8", "--force") as started:
        person.run("git", "push", "--quiet", "origin", "main")
        assert started.stdout is not None
        log = started.stdout.read()
        assert started.wait() == 3, log
    assert "main has moved, in what models are made of" in log
    assert "at most 0.01 is allowed" in log.splitlines()[-1]
    (issue,) = world.forge.issues
    assert issue["title"] == "The gate refused the model retrained for 2002-09-02_2002-09-09"
    assert "**Refused: production stays" in issue["body"]
    assert world.branches()[BRANCH] == before[BRANCH]
