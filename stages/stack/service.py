"""What a service of the stack is, whichever it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from stages.machine.errors import StackError

HOST = "127.0.0.1"
# How long a service may take to say that it is there.
ANSWER_SECONDS = 3.0


@dataclass(frozen=True)
class Service:
    """One service of the stack.

    Args:
        name: what supervisor, the logs and `make status` call it.
        title: what people call it.
        command: its program and arguments; no secret among them.
        environment: what it needs beside the path; secrets are here.
        folder: its data.
        ports: every port that it listens on, by what listens there.
        variable: the setting that moves its ports.
        answers: whether it does what it is there for.
        prepare: makes its data before the first start, in `folder`, which is there.
        complete: what is done once it answers, each time; idempotent.
        stop_signal: what ends it without loss.
    """

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    ports: Mapping[str, int]
    variable: str
    answers: Callable[[], bool]
    prepare: Callable[[], None] = lambda: None
    complete: Callable[[], None] = lambda: None
    stop_signal: str = "TERM"

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"{HOST}:{next(iter(self.ports.values()))}"


def program(name: str) -> str:
    """Return the path of a program that stands beside this Python.

    Raises:
        StackError: it is not installed.
    """
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise not_installed(name)
    return str(path)


def not_installed(what: str) -> StackError:
    """Return the error for a service whose package is missing."""
    return StackError(
        f"{what} is not installed beside {sys.executable}",
        expected="the packages of the extra `stack`",
        fix="run `make up`, which installs them",
    )
