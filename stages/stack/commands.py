"""What `make env`, `make up`, `make down` and `make status` say."""

from __future__ import annotations

import os
import time

from stages.machine.console import say, shown
from stages.machine.environment import DOTENV, read_environment
from stages.machine.errors import StackError
from stages.machine.variables import TRACKING_URI
from stages.stack.local import LocalStack
from stages.stack.settings import ADDRESSES


def env() -> None:
    """Write `.env` where it lacks something, and say so."""
    LocalStack().settings()
    say(f"env: {DOTENV} has every port, credential and address (for you alone; git ignores it)")


def up() -> None:
    """Start the stack and say where it is reached.

    Raises:
        StackError: see `LocalStack.up`.
    """
    began = time.monotonic()
    stack = LocalStack()
    started = stack.up()
    settings = read_environment(DOTENV)
    if not started:
        say("up: already running; `make status` tells more")
        return
    say(
        f"up: ready in {time.monotonic() - began:.0f} s. MLflow is at "
        f"{settings[TRACKING_URI]}; `make run` and `make push` use the stack ({DOTENV})"
    )
    for name in ADDRESSES:
        if os.environ.get(name, settings[name]) != settings[name]:
            say(f"up: your shell sets {name}, which wins over {DOTENV}: `unset {name}` to use this")


def down() -> None:
    """Stop the stack and say so."""
    ran = LocalStack().down()
    say(f"down: {'stopped' if ran else 'nothing was running'}; the data stays in data/stack")


def status() -> None:
    """Say how each service is.

    Raises:
        StackError: one does not answer.
    """
    from rich.console import Console
    from rich.table import Table

    found = LocalStack().status()
    table = Table("service", "state", "address", "process", "memory", box=None)
    for row in found:
        process = str(row.process) if row.process else ""
        memory = f"{row.megabytes} MB" if row.megabytes else ""
        cells = (row.title, row.state, row.address, process, memory)
        table.add_row(*map(shown, cells))
    Console(soft_wrap=True, highlight=False).print(table)
    silent = [row.title for row in found if row.state != "running"]
    if silent:
        raise StackError(
            f"{', '.join(silent)}: not running",
            expected="three services that answer",
            fix="make up",
        )
