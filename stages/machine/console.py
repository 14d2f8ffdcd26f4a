"""What a person sees while a stage works: one progress line, one summary line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO, TypeVar

T = TypeVar("T")
# Where lines go instead of this process's output; None for that output itself.
_LOG: ContextVar[TextIO | None] = ContextVar("log", default=None)


@contextmanager
def logging_to(log: TextIO) -> Iterator[None]:
    """Send lines, notes and progress to `log`, for stages that run on behalf of another command."""
    token = _LOG.set(log)
    try:
        yield
    finally:
        _LOG.reset(token)


def track(items: Iterable[T], *, doing: str, total: int | None) -> Iterator[T]:
    """Yield `items` with a progress bar on standard error, or in a log a line every tenth.

    It goes where `say` goes while that is a log.

    Args:
        items: what to iterate over.
        doing: a word or two for the person who waits: `"embedding train"`.
        total: the number of items, if known.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(file=_LOG.get() or sys.stderr)
    if not console.is_terminal:
        yield from _track_in_log(items, doing, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield from progress.track(items, description=doing, total=total)


def _track_in_log(items: Iterable[T], doing: str, total: int | None) -> Iterator[T]:
    step = max(1, (total or 10_000) // 10)
    for done, item in enumerate(items, start=1):
        yield item
        if done % step == 0:
            note(f"{doing}: {done}/{total or '?'}")


def say(line: str) -> None:
    """Print one line for people: a result, on standard output."""
    print(line, file=_LOG.get() or sys.stdout, flush=True)


def note(line: str) -> None:
    """Print one line for people: what is being done, on standard error."""
    print(line, file=_LOG.get() or sys.stderr, flush=True)
