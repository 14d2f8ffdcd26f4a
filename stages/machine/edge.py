"""The outer edge of every program of ours: what goes wrong becomes a status and, mostly, one line.

0 done, 1 a bug (with its traceback), 2 a user's mistake or a missing service, 3 a gate's no,
130 interrupted, 141 whoever read the output has gone.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Callable

from stages.machine.console import note
from stages.machine.faults import from_outside
from stages.machine.streams import hold_standard_streams

# As a shell reports SIGINT and SIGPIPE.
INTERRUPTED, NO_READER = 130, 141


def guarded(name: str, work: Callable[[], int | None]) -> int:
    """Run a whole program; return its exit status.

    Args:
        name: of the program, with which its one line begins: `"spamline fetch"`.
        work: the program; None is 0.
    """
    hold_standard_streams()
    try:
        status = work() or 0
        sys.stdout.flush()
    except KeyboardInterrupt:
        _complain(name, "interrupted; nothing is half-written, so run the same again")
        return INTERRUPTED
    except BrokenPipeError:
        if not _reader_has_gone():
            raise
        return NO_READER
    except Exception as error:
        known = from_outside(error)
        if known is None:
            raise
        _drop_what_cannot_be_written()
        _complain(name, str(known))
        return known.exit_status
    return status


def _complain(name: str, line: str) -> None:
    note(f"{name}: {line}")


def _drop_what_cannot_be_written() -> None:
    """Let an output that is full be the null device: else Python tries again when it exits."""
    try:
        sys.stdout.flush()
    except OSError:
        _null(sys.stdout.fileno())


def _reader_has_gone() -> bool:
    """Return whether standard output is the broken pipe, rather than a library's own socket."""
    try:
        output = sys.stdout.fileno()
    except (ValueError, io.UnsupportedOperation):
        return False
    watched = select.poll()
    watched.register(output, 0)
    if not any(event & select.POLLERR for _, event in watched.poll(0)):
        return False
    # Else Python tries once more when it exits, and complains.
    _null(output)
    return True


def _null(descriptor: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
