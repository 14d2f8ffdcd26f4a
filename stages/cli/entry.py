"""Runs one verb: whatever goes wrong becomes an exit status and, unless it is a bug, one line.

0 done, 1 a bug (with its traceback), 2 a user's mistake or a missing service, 3 a gate's no,
130 interrupted, 141 whoever read the output has gone.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Sequence

import click

from stages.cli.table import PROGRAM, cli
from stages.machine.console import note
from stages.machine.errors import UserError, full_disk

# As a shell reports SIGINT and SIGPIPE.
INTERRUPTED, NO_READER = 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit status.

    Args:
        arguments: the verb and what follows it; those of this process by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        # Not click's own `main`: it takes an EOFError for a person who gave up, hiding a bug.
        with cli.make_context(PROGRAM, list(words)) as context:
            cli.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except KeyboardInterrupt:
        _complain(words[0], "interrupted; nothing is half-written, so run the same again")
        return INTERRUPTED
    except BrokenPipeError:
        if not _reader_has_gone():
            raise
        return NO_READER
    except (UserError, OSError) as error:
        known = full_disk(error) if isinstance(error, OSError) else error
        if known is None:
            raise
        _complain(words[0], str(known))
        return known.exit_status
    return 0


def _complain(verb: str, line: str) -> None:
    note(f"spamline {verb}: {line}")


def _show(error: click.ClickException) -> None:
    """Print what click says, line by line: it quotes the words that it was given."""
    said = io.StringIO()
    error.show(file=said)
    for line in said.getvalue().rstrip("\n").split("\n"):
        note(line)


def _reader_has_gone() -> bool:
    """Return whether standard output is the broken pipe, rather than a library's own socket."""
    try:
        output = sys.stdout.fileno()
    except ValueError:
        return False
    watched = select.poll()
    watched.register(output, 0)
    if not any(event & select.POLLERR for _, event in watched.poll(0)):
        return False
    # Else Python tries once more when it exits, and complains.
    os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return True
