"""Runs one verb; see `stages.machine.edge` for how it ends."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import click

from stages.cli.table import PROGRAM, cli
from stages.machine.console import note
from stages.machine.edge import guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit status.

    Args:
        arguments: the verb and what follows it; those of this process by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    return guarded(" ".join(["spamline", *words[:1]]), lambda: _run(words))


def _run(words: list[str]) -> int:
    try:
        # Not click's own `main`: it takes an EOFError for a person who gave up, hiding a bug.
        with cli.make_context(PROGRAM, list(words)) as context:
            cli.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    return 0


def _show(error: click.ClickException) -> None:
    """Print what click says, line by line: it quotes the words that it was given."""
    said = io.StringIO()
    error.show(file=said)
    for line in said.getvalue().rstrip("\n").split("\n"):
        note(line)
