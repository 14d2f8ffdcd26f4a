"""A real Ray cluster on this machine: each node its own processes, which can be killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.servers import free_port

_RAY = Path(sys.executable).with_name("ray")
_STARTED = "Ray runtime started"


class Node:
    """One node, with one core, in a session of its own.

    Args:
        log: a file for what it says.
        options: of `ray start`.
        environment: of the node and of its workers.
    """

    def __init__(self, log: Path, options: list[str], environment: dict[str, str]) -> None:
        command = [str(_RAY), "start", "--block", "--num-cpus=1", "--object-store-memory=80000000"]
        command += ["--node-ip-address=127.0.0.1", "--disable-usage-stats", *options]
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return when it runs."""
        until = time.monotonic() + 90
        while _STARTED not in self.log.read_text(errors="replace"):
            assert self.process.poll() is None, self.log.read_text(errors="replace")
            assert time.monotonic() < until, self.log.read_text(errors="replace")
            time.sleep(0.1)

    def pids(self) -> list[int]:
        """All its processes: workers too, which have groups of their own."""
        found = []
        for pid in psutil.pids():
            with suppress(ProcessLookupError):
                if os.getsid(pid) == self.process.pid:
                    found.append(pid)
        return found

    def kill(self) -> None:
        """End it as a power cut does."""
        for _ in range(2):
            for pid in self.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()


class Nodes:
    """Two nodes of one cluster; `second` is the one that does not hold the cluster together."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        head = [f"--port={self.address.rpartition(':')[2]}", "--include-dashboard=false"]
        # Node and workers import the tests' own work, and `ray start` asks for no other cluster.
        environment = environment | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        self.head = Node(
            folder / "head.log", ["--head", f"--temp-dir={folder}", *head], environment
        )
        try:
            self.head.wait()
            join = [f"--address={self.address}"]
            self.second = Node(folder / "second.log", join, environment)
        except BaseException:
            self.head.kill()
            raise

    def kill(self) -> None:
        """End both."""
        self.second.kill()
        self.head.kill()


@contextmanager
def cluster(environment: dict[str, str]) -> Iterator[Nodes]:
    """Yield two nodes; nothing of them is left running."""
    # Names of sockets have at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    nodes = Nodes(folder, environment)
    try:
        nodes.second.wait()
        yield nodes
    finally:
        nodes.kill()
        shutil.rmtree(folder, ignore_errors=True)
