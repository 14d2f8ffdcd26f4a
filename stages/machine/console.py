"""What a person sees while a stage works: one progress line, one summary line.

It holds words of strangers: names of files and columns, labels, errors of libraries. A terminal, or
the log of a workflow, must show these and not obey them.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

T = TypeVar("T")
# Where lines go instead of this process's output; None for that output itself.
_LOG: ContextVar[TextIO | None] = ContextVar("log", default=None)

# In columns of a terminal: the narrowest table, a line that is never broken.
_NARROWEST, _UNBOUNDED = 80, 10_000
# What a terminal obeys or hides: controls (C0, C1), ends of lines, signs that turn the direction of
# writing, tags, lone surrogates (of file names that are not UTF-8). A tab is none of them.
_OBEYED = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
# What GitHub's runner obeys: `::error::` where a line begins, `##[error]` anywhere in it.
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#\[)")


def visible(text: str) -> str:
    r"""Return `text` on one line, with what would be obeyed written out: ESC as `\x1b`."""
    escaped = _OBEYED.sub(lambda sign: _written(sign[0]), text)
    return _COMMAND.sub(lambda match: f"{match[1] or ''}{_written(match[0][-1])}", escaped)


def _written(sign: str) -> str:
    number = ord(sign)
    if sign in "\n\r":
        return {"\n": r"\n", "\r": r"\r"}[sign]
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def shown(text: str, style: str = "") -> Text:
    """Return `text` for rich, as it is: neither obeyed by a terminal nor taken for markup."""
    from rich.text import Text

    return Text(visible(text), style=style)


def print_table(table: Table, console: Console) -> None:
    """Print `table` on `console`.

    Words are folded where it is too narrow; below 80 columns the terminal itself breaks the lines.
    A file or a pipe has no width: there a row is a line.
    """
    from rich.measure import Measurement

    console.width = max(console.width, _NARROWEST)
    if not console.is_terminal:
        unbounded = console.options.update(width=_UNBOUNDED)
        console.width = Measurement.get(console, unbounded, table).maximum
    console.print(table)


@contextmanager
def logging_to(log: TextIO) -> Iterator[None]:
    """Send lines, notes and progress to `log`, for stages that run on behalf of another command."""
    token = _LOG.set(log)
    try:
        yield
    finally:
        _LOG.reset(token)


def track(
    items: Iterable[T], *, doing: str, total: int | None, every: float = 0.0
) -> Generator[T, None, None]:
    """Yield `items` with a progress bar on standard error, or in a log a line every tenth.

    Both say how many there are a second, and how long the rest will take at that rate. It goes
    where `say` goes while that is a log.

    Args:
        items: what to iterate over.
        doing: a word or two for the person who waits: `"embedding train"`.
        total: the number of items, if known; if not, a log has a line every thousand.
        every: seconds between two lines of a log, at least: for what is mostly over at once.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(file=_LOG.get() or sys.stderr)
    if not console.is_terminal:
        yield from _track_in_log(items, doing, total, every)
        return

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return shown(_rate(task.speed) if task.speed else "")

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield from progress.track(items, description=visible(doing), total=total)


def _track_in_log(items: Iterable[T], doing: str, total: int | None, every: float) -> Iterator[T]:
    step = max(1, (total or 10_000) // 10)
    start = last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        if done % step:
            continue
        now = time.monotonic()
        if now - last < every:
            continue
        last, speed = now, done / max(now - start, 1e-9)
        left = f", {_duration((total - done) / speed)} left" if total and done < total else ""
        note(f"{doing}: {done}/{total or '?'}, {_rate(speed)}{left}")


def _rate(speed: float) -> str:
    """Return items a second, or a minute where they are slow."""
    return f"{speed:,.0f} a second" if speed >= 1 else f"{60 * speed:.1f} a minute"


def _duration(seconds: float) -> str:
    """Return a time to wait, in the unit that a person would say it in."""
    minutes, hours = seconds / 60, seconds / 3600
    if hours >= 1:
        return f"{hours:.1f} h"
    return f"{minutes:.0f} min" if minutes >= 2 else f"{seconds:.0f} s"


def say(line: str) -> None:
    """Print one line for people: a result, on standard output."""
    print(visible(line), file=_LOG.get() or sys.stdout, flush=True)


def note(line: str) -> None:
    """Print one line for people: what is being done, on standard error."""
    print(visible(line), file=_LOG.get() or sys.stderr, flush=True)
