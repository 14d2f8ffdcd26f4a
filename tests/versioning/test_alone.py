"""A run of ours and DVC's commands in one checkout: one at a time, whoever comes first."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.machine.errors import BusyError
from stages.records.layout import Layout
from stages.versioning.alone import alone, holds
from stages.versioning.dvc import reproduce, stale

# Holds the current folder until it is killed.
HOLD = (
    "import time; from stages.versioning.alone import alone\n"
    "with alone(): print('held', flush=True); time.sleep(60)"
)

# Stands for the other process.
PID = 123456789


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A project of one stage, in which DVC waits only briefly for its lock."""
    from dvc.repo import Repo

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dvc.lock.DEFAULT_TIMEOUT", 0.06)
    Repo.init(no_scm=True).close()
    (tmp_path / "dvc.yaml").write_text("stages:\n  one: {cmd: echo 1 > one, outs: [one]}\n")
    return Layout(tmp_path)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """Another process that works on."""
    with subprocess.Popen(["sleep", "60"], text=True) as process:
        yield process
        process.kill()


def check_dvc(layout: Layout) -> None:
    """Run a command of DVC as a user does, without knowing of ours."""
    from dvc.repo import Repo

    with Repo(str(layout.root)) as repo:
        repo.status()


def test_dvc_is_out_until_the_end_also_after_a_stage_has_run(layout: Layout) -> None:
    from dvc.lock import LockError

    with alone(layout):
        for _ in range(2):
            with pytest.raises(LockError, match="another DVC process is running"):
                check_dvc(layout)
            reproduce("one", layout=layout)
            assert stale("one", layout) == []
    check_dvc(layout)
    assert not holds(layout)


def test_a_command_of_dvc_keeps_a_run_out(layout: Layout) -> None:
    from dvc.repo import Repo

    with Repo(str(layout.root)) as repo, repo.lock:
        with pytest.raises(BusyError, match="another DVC command is at work"), alone(layout):
            pass
        assert not holds(layout)
    with alone(layout):
        assert holds(layout)


@pytest.mark.parametrize(
    ("path", "noted"),
    [
        ("rwlock", {"write": {"data/model": {"pid": PID, "cmd": "dvc repro"}}}),
        ("rwlock", {"read": {"data/model": [{"pid": PID, "cmd": "dvc repro"}]}}),
        ("exps/rwlock", {"write": {"refs/exps/exec": {"pid": PID, "cmd": "dvc exp run"}}}),
        ("exps/run/workspace/workspace.json", {"pid": PID, "stdin": None}),
    ],
)
def test_dvc_that_has_dropped_its_lock_for_now_keeps_a_run_out_as_long_as_it_lives(
    layout: Layout, process: subprocess.Popen[str], path: str, noted: dict[str, object]
) -> None:
    """While the command of a stage runs, and while an experiment is put into the checkout."""
    file = layout.dvc / "tmp" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(noted).replace(str(PID), str(process.pid)))
    with pytest.raises(BusyError, match="wait for it to end"), alone(layout):
        pass
    process.kill()
    process.wait()
    with alone(layout):
        assert holds(layout)


def test_a_run_that_was_killed_blocks_nobody(layout: Layout, root: Path) -> None:
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(
        command, env={"PYTHONPATH": str(root)}, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match="already running"), alone(layout):
            pass
        holder.kill()
    check_dvc(layout)
    with alone(layout):
        reproduce("one", layout=layout)


def test_a_run_may_ask_twice_and_other_folders_are_free(layout: Layout, tmp_path: Path) -> None:
    other = Layout(tmp_path / "without-dvc")
    with alone(layout), alone(layout), alone(other):
        assert holds(other)
        assert holds(layout)
    assert not holds(layout)
    assert not other.dvc.exists()
