"""An experiment in the middle of a run, and a run in the middle of a `dvc repro`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from tests.pipeline.conftest import Clone

pytestmark = pytest.mark.slow


def lock_of(clone: Clone) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(clone.read("dvc.lock"))
    return found


@contextmanager
def in_the_middle(clone: Clone, *command: str) -> Iterator[None]:
    """Start `command` and yield while its evaluate runs; it ends well afterwards."""
    with subprocess.Popen(
        command,
        cwd=clone.folder,
        env=clone.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as started:
        assert started.stdout is not None
        log = ""
        for line in started.stdout:
            log += line
            if "> python -m stages evaluate" in line:
                break
        yield
        assert started.poll() is None, f"it ended too soon:\n{log}"
        log += started.stdout.read()
    assert started.returncode == 0, log


def forget_evaluate(clone: Clone) -> None:
    """Let the next run evaluate anew."""
    lock = lock_of(clone)
    del lock["stages"]["evaluate"]
    (clone.folder / "dvc.lock").write_text(yaml.safe_dump(lock, sort_keys=False))
    for entry in (clone.folder / ".dvc/cache/runs").glob("*/*/*"):
        if "stages evaluate" in entry.read_text():
            entry.unlink()


def test_an_experiment_is_busy_and_the_run_ends_as_if_undisturbed(
    first: Clone, clone: Clone
) -> None:
    forget_evaluate(clone)
    with in_the_middle(clone, "python", "-m", "stages", "run"):
        said = clone.dvc("exp", "run", "-S", "classifier=linear_svm", "evaluate", status=255)
        assert "Unable to acquire lock. Most likely another DVC process is running" in said
    assert lock_of(clone) == lock_of(first)
    assert clone.read("params.yaml") == first.read("params.yaml")
    assert clone.dvc("exp", "list") == ""


def test_a_run_is_busy_while_dvc_reproduces(first: Clone, clone: Clone) -> None:
    with in_the_middle(clone, "dvc", "repro", "--force", "--single-item", "evaluate"):
        assert "another DVC command is at work here (process " in clone.stages("run", status=2)
    assert lock_of(clone) == lock_of(first)
