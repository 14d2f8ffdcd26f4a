"""What the file of embeddings holds, and how it is emptied while others use it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from stages.machine.errors import BusyError
from stages.model.embedding_cache import DAY_SECONDS, PATIENCE_SECONDS

# What SQLite keeps beside a file.
_BESIDE = ("-wal", "-shm")
_SPACES = (
    "SELECT coalesce(title, ''), coalesce(dim, 0), count(*), max(used) FROM embeddings "
    "LEFT JOIN spaces USING (space) GROUP BY space ORDER BY max(used) DESC, title"
)
# Of a row besides its numbers: checksum, key (twice, it has an index), and SQLite's own.
_ROW_BYTES = 110


@dataclass(frozen=True)
class KeptSpace:
    """The embeddings of one encoder, engine, code and kind of processor.

    Attributes:
        title: encoder and engine.
        rows: embeddings.
        size: their bytes, about.
        used: when one of them was last found or made, seconds since 1970, by the day.
    """

    title: str
    rows: int
    size: int
    used: float


def kept_spaces(path: Path) -> list[KeptSpace]:
    """Return what the file of embeddings at `path` holds, what was used last first.

    Nothing where there is no such file, or it is damaged.
    """
    if not path.is_file():
        return []
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE_SECONDS)) as connection:
            rows = connection.execute(_SPACES).fetchall()
    except sqlite3.Error:
        return []
    return [
        KeptSpace(title, count, count * (4 * dim + _ROW_BYTES), used * float(DAY_SECONDS))
        for title, dim, count, used in rows
    ]


def size_of(path: Path) -> int:
    """Return the bytes of the file at `path` with its journal; 0 where there is none."""
    files = (Path(f"{path}{end}") for end in ("", *_BESIDE))
    return sum(file.stat().st_size for file in files if file.is_file())


def empty(path: Path) -> int:
    """Take all rows out of the file at `path`; return how many bytes that gave back.

    Whoever uses it goes on, and finds nothing. A file that SQLite cannot empty is removed.

    Raises:
        BusyError: another process has been writing for too long.
        OSError: it cannot be removed.
    """
    before = size_of(path)
    if before:
        with _held(path):
            _emptied(path)
    # Others may have filled it again by now.
    return max(0, before - size_of(path))


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keep others from making the file meanwhile."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(f"{path}.lock", timeout=PATIENCE_SECONDS):
            yield
    except Timeout:
        raise _busy(path) from None


def _emptied(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE_SECONDS)) as connection:
            with connection:
                connection.execute("DELETE FROM embeddings")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise _busy(path) from None
        # Damaged, or the disk has no room for the journal. Who has it open keeps what they have.
        for end in (*_BESIDE, ""):
            Path(f"{path}{end}").unlink(missing_ok=True)


def _busy(path: Path) -> BusyError:
    return BusyError(
        f"another process has been writing to {path} for {PATIENCE_SECONDS:.0f} s",
        expected="a moment without it",
        fix="wait for it to end, then run again",
    )
