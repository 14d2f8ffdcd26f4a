"""Real servers for tests: the stack of `make up` in a folder of its own, on free ports."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

from stages.machine.environment import read_environment
from stages.stack.local import LocalStack
from stages.stack.settings import PORTS, S3_PORTS, write_settings
from stages.stores.s3 import client

# Below the ports that clients are given, so that no connection of a test takes one.
_FIRST, _LAST, _STEP = 20_000, 31_000, 20


class Servers:
    """The stack in `root`; a server runs from the first test that needs it on.

    Args:
        root: a folder; its `.env` is made now.
        number: another one for each process that has servers at the same time.
    """

    def __init__(self, root: Path, number: int = 0) -> None:
        self.root = root
        self.stack = LocalStack(root)
        write_settings(self.stack.dotenv, _free_ports(number))

    @property
    def environment(self) -> dict[str, str]:
        """What `.env` says."""
        return read_environment(self.stack.dotenv)

    def start(self, name: str) -> None:
        """Start a server, and for MLflow the other two; return when it answers."""
        for needed in ("s3", "postgres", "mlflow") if name == "mlflow" else (name,):
            self.stack.up(only=needed)

    def stop(self, name: str) -> None:
        """Stop a server in order."""
        self.stack.supervisor.stop_service(name)

    def kill(self, name: str) -> None:
        """End a server and its children with SIGKILL, and keep it down."""
        supervisor = self.stack.supervisor
        os.killpg(os.getpgid(supervisor.state(name)["pid"]), signal.SIGKILL)
        # Supervisor brings it back to life: only then it can be stopped.
        until = time.monotonic() + 20
        while supervisor.state(name)["statename"] != "STOPPED" and time.monotonic() < until:
            supervisor.stop_service(name)
            time.sleep(0.05)

    def s3_client(self) -> Any:
        """Return the plain client of the S3 server."""
        settings = self.environment
        return client(
            region_name="us-east-1",
            endpoint_url=settings["AWS_ENDPOINT_URL"],
            aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        )

    def close(self) -> None:
        """Stop everything."""
        with contextlib.suppress(OSError):
            self.stack.down()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _free_ports(number: int) -> dict[str, int]:
    """Return ports for a stack: those of S3 are consecutive."""
    needed = S3_PORTS + len(PORTS)
    span = (_LAST - _FIRST) // 8
    start = _FIRST + number % 8 * span + os.getpid() % 20 * _STEP
    for first in range(start, start + span, _STEP):
        if all(_free(first + offset) for offset in range(needed)):
            names = list(PORTS)
            return {names[0]: first} | {
                name: first + S3_PORTS + place for place, name in enumerate(names[1:], start=1)
            }
    raise RuntimeError("no free ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
