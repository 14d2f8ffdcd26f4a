"""A real cluster of two nodes: the bytes of one machine, whoever dies in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stages.machine.variables import CACHE, RAY_ADDRESS
from stages.records.layout import Layout
from tests.compute.nodes import Nodes, cluster
from tests.compute.samples import BATCHES, ROWS, marked, outputs, write_project

pytestmark = pytest.mark.slow
pytest.importorskip("ray", reason="the extra `ray` is not installed: make test installs it")

# Batches that two workers and one may have been at when they died, a part each.
_IN_FLIGHT = 2 * 2 + 2


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    environment = {name: value for name, value in os.environ.items() if name != RAY_ADDRESS}
    with cluster(environment) as nodes:
        yield nodes


def started(root: Path, layout: Layout, nodes: Nodes | None, *stages: str) -> subprocess.Popen[str]:
    """Start the driver on the cluster `nodes`, or here."""
    parts = str(layout.root / "parts") if nodes else "-"
    environment = {**os.environ, CACHE: str(layout.root / "cache")}
    if nodes:
        environment[RAY_ADDRESS] = nodes.address
    return subprocess.Popen(
        [sys.executable, "-m", "tests.compute.driver", str(layout.root), parts, *stages],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(driver: subprocess.Popen[str]) -> list[str]:
    out, err = driver.communicate(timeout=180)
    assert driver.returncode == 0, f"{out}\n{err}"
    return out.splitlines()


def wait_for(
    what: Callable[[], bool], driver: subprocess.Popen[str], *, seconds: float = 120
) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert driver.poll() is None, driver.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def made(layout: Layout) -> dict[str, int]:
    """The parts of embed that are done, and when each was written."""
    found = (layout.root / "parts" / "embed").glob("*.made")
    return {path.name: path.stat().st_mtime_ns for path in found}


def test_two_deaths_change_no_byte(
    root: Path, tmp_path: Path, tiny_filter: Path, nodes: Nodes
) -> None:
    here = write_project(tmp_path / "here", tiny_filter)
    local = started(root, here, None, "fetch", "embed", "infer")
    layout = write_project(tmp_path / "cluster", tiny_filter)
    marks = layout.root / "marks"

    # The driver dies in mid-job, and all its workers with it.
    first = started(root, layout, nodes, "fetch", "embed")
    wait_for(lambda: len(made(layout)) >= 3, first)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    finished(local)
    before = made(layout)
    assert 3 <= len(before) < BATCHES // 2
    assert not layout.embeddings("batch").exists()

    # The same again; now a node dies, a worker of which is at a part.
    again = started(root, layout, nodes, "embed", "infer")
    wait_for(lambda: bool(at_work(marks) & set(nodes.second.pids())), again)
    nodes.second.kill()
    assert len(made(layout)) < BATCHES // 2, "the node died too late"
    lines = finished(again)

    # Before them, Ray says that it lost a node.
    assert f"{BATCHES * ROWS} messages in 384 dimensions, by the cluster" in lines[-2]
    assert lines[-1].startswith(f"infer: {BATCHES * ROWS} messages, ")
    assert outputs(layout) == outputs(here)
    # Nothing is missing, and what was done is not done again, but for what the dead were at.
    assert before.items() <= made(layout).items()
    assert len(set(marked(marks))) == BATCHES
    assert len(marked(marks)) <= BATCHES + _IN_FLIGHT


def at_work(marks: Path) -> set[int]:
    """The processes that have left a mark."""
    return {int(path.name.split(".")[1]) for path in marks.iterdir()}
