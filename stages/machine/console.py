"""What a person sees while a stage works: one progress line, one summary line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def track(items: Iterable[T], *, doing: str, total: int | None) -> Iterator[T]:
    """Yield `items` with a progress bar on standard error, or in a log a line every tenth.

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

    console = Console(file=sys.stderr)
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
            print(f"{doing}: {done}/{total or '?'}", file=sys.stderr, flush=True)  # noqa: T201


def say(line: str) -> None:
    """Print one line for people on standard output."""
    print(line, flush=True)  # noqa: T201
