"""What this machine keeps between runs: a table of it, and its removal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.cache import KINDS, cache_dir, kept, most_bytes, remove
from stages.machine.console import print_table, say, shown
from stages.machine.variables import CACHE_GB
from stages.model.embedding_cache import EARLIER, FILE
from stages.model.kept_embeddings import empty, kept_spaces, size_of

if TYPE_CHECKING:
    from rich.console import Console

# What is kept, how many of them, their bytes, the second of their last use.
_Row = tuple[str, int, int, float]


def print_cache(console: Console | None = None) -> None:
    """Print what the cache folder holds: a line a kind, embeddings by encoder and engine.

    Args:
        console: where to; standard output by default.

    Raises:
        ConfigError: the bound of the cache is not a number.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    folder, console = cache_dir(), console or Console(highlight=False)
    bound, rows = _bytes(most_bytes()), list(_rows(folder))
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("kept", overflow="fold")
    for name in ("entries", "size", " last use"):
        table.add_column(name, justify="right")
    for title, entries, size, used in rows:
        cells = (title, f"{entries:,}", _bytes(size), _day(used))
        table.add_row(*map(shown, cells))
    if rows:
        print_table(table, console)
    total = _bytes(sum(size for _, _, size, _ in rows))
    console.print(
        shown(f"{folder}: {total}; embeddings take at most {bound} ({CACHE_GB})"), soft_wrap=True
    )


def clear_cache() -> None:
    """Remove what the folder keeps, while others may use it; say what went, and what is left.

    Raises:
        BusyError: another process writes embeddings all the time.
        OSError: something cannot be removed.
    """
    folder = cache_dir()
    freed = {"embeddings": sum(empty(folder / name) for name in (FILE, EARLIER))}
    freed |= {kind.title: remove(kind, folder) for kind in KINDS}
    parts = [f"{title} {_bytes(size)}" for title, size in freed.items() if size]
    say(f"cache: freed {_bytes(sum(freed.values()))} in {folder}: {', '.join(parts) or 'nothing'}")
    for kind in KINDS:
        if left := kept(kind, folder).files:
            say(f"cache: in use and left: {', '.join(path.name for path in left)}")


def _rows(folder: Path) -> Iterator[_Row]:
    spaces = kept_spaces(folder / FILE)
    for space in spaces:
        yield f"embeddings: {space.title}", space.rows, space.size, space.used
    for name, title in (
        (FILE, "embeddings: room in the file"),
        (EARLIER, "embeddings: earlier code"),
    ):
        size = size_of(folder / name)
        if (rest := size - sum(s.size for s in spaces if name == FILE)) > 0:
            yield title, 1, rest, (folder / name).stat().st_mtime
    for kind in KINDS:
        found = kept(kind, folder)
        if found.files:
            yield kind.title, len(found.files), found.size, found.used


def _bytes(size: int) -> str:
    from rich.filesize import decimal

    return decimal(size)


def _day(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).date().isoformat()
