"""Embeddings that this machine has made before: one SQLite file for all its runs and checkouts.

Nothing depends on it: a fault in the file is reported in one line, and the stage goes on.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.cache import MOST_BYTES
from stages.machine.console import say
from stages.machine.variables import CACHE

if TYPE_CHECKING:
    import numpy as np

# Another layout of the tables is another file: a checkout of older code may use the same folder.
FILE, EARLIER = "embeddings-2.db", "embeddings.db"
# Another process writes for some milliseconds at a time.
PATIENCE_SECONDS = 10.0
# Of SQLite's usual 4096, rows of 384 dimensions would leave a fifth empty.
_PAGE_BYTES = 8192
# What SQLite lets it grow to before it writes back.
_LOG_BYTES = 1000 * _PAGE_BYTES
_TABLES = (
    "CREATE TABLE IF NOT EXISTS spaces (space INTEGER PRIMARY KEY, title TEXT, dim INTEGER)",
    "CREATE TABLE IF NOT EXISTS embeddings (key BLOB PRIMARY KEY, space INTEGER NOT NULL, "
    "used INTEGER NOT NULL, vector BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS by_use ON embeddings (used)",
    "CREATE INDEX IF NOT EXISTS by_space ON embeddings (space, used)",
)
_LONGEST_UNUSED = (
    "DELETE FROM embeddings WHERE rowid IN "
    "(SELECT rowid FROM embeddings ORDER BY used, rowid LIMIT ?)"
)
# Rows that go for each one that comes, while the file is full: a bound that was lowered is reached.
_GOING = 4
DAY_SECONDS = 86_400


class EmbeddingCache:
    """The file at `path`; no method raises.

    Several processes may use it at once, and any of them may be killed, or empty it. Where it is
    full, what was not used for the longest time goes first; a day is the unit.

    Args:
        path: made where it is absent; beside it stand SQLite's journal and a lock.
        space: what the bytes of an embedding depend on besides the text.
        dim: of the vectors.
        title: of the space, for people.
        most_bytes: of the file.
        today: days since 1970; by default the clock's.
    """

    def __init__(
        self,
        path: Path,
        space: str,
        dim: int,
        *,
        title: str = "",
        most_bytes: int = MOST_BYTES,
        today: int | None = None,
    ) -> None:
        self._path, self._space, self._dim = path, space, dim
        self._about = (_number(space), title, dim)
        self._most_pages = most_bytes // _PAGE_BYTES
        self._today = int(time.time() // DAY_SECONDS) if today is None else today
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = _opened(path)
        except (sqlite3.Error, OSError) as error:
            self._tell("goes on without", error)
        self._full = False

    def get(self, texts: Iterable[str]) -> dict[str, np.ndarray]:
        """Return the vectors `(dim,) float32` of those of `texts` that are there, whole."""
        try:
            rows = {text: row for text in texts if (row := self._row(text))}
        except sqlite3.Error as error:
            self._tell("goes on without", error)
            self.close()
            return {}
        vectors = {text: _unpacked(blob, self._dim) for text, (blob, _) in rows.items()}
        found = {text: vector for text, vector in vectors.items() if vector is not None}
        self._use([text for text in found if rows[text][1] < self._today])
        return found

    def put(self, vectors: Mapping[str, np.ndarray]) -> None:
        """Keep the vectors of texts; after a failure no more are kept, and those there are read."""
        space, *_ = self._about
        rows = [
            (self._key(text), space, self._today, _packed(vector))
            for text, vector in vectors.items()
        ]
        # Replaced: a row that is there already could not be read.
        self._write("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)", rows)

    def close(self) -> None:
        """Close the file; nothing is found or kept afterwards."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _row(self, text: str) -> tuple[object, int] | None:
        if self._connection is None:
            return None
        query = "SELECT vector, used FROM embeddings WHERE key = ?"
        row: tuple[object, int] | None
        row = self._connection.execute(query, (self._key(text),)).fetchone()
        return row

    def _use(self, texts: Sequence[str]) -> None:
        """Note that the rows of `texts` were used today."""
        if texts:
            rows = [(self._today, self._key(text)) for text in texts]
            self._write("UPDATE embeddings SET used = ? WHERE key = ?", rows)

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if self._connection is None or self._full:
            return
        try:
            with self._connection as transaction:
                transaction.executemany(statement, rows)
                transaction.execute("INSERT OR REPLACE INTO spaces VALUES (?, ?, ?)", self._about)
                if _pages(transaction) - _pages(transaction, "freelist") > self._most_pages:
                    transaction.execute(_LONGEST_UNUSED, (_GOING * len(rows),))
            if (excess := _pages(self._connection) - self._most_pages) > 0:
                # `execute` takes one step of it, which is one page.
                self._connection.executescript(f"PRAGMA incremental_vacuum({excess})")
        except sqlite3.Error as error:
            self._full = True
            self._tell("adds nothing to", error)

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._space}\0{text}".encode()).digest()

    def _tell(self, consequence: str, error: Exception) -> None:
        say(
            f"embed: {consequence} the cache of embeddings {self._path} ({error}); to have it: "
            f"`python -m stages cache --clear`, or set {CACHE} to a folder with room that this "
            "user may write"
        )


def _number(space: str) -> int:
    """Return the number of a space in the file: 63 bits of its digest, SQLite's integers."""
    return int.from_bytes(hashlib.sha256(space.encode()).digest()[:8], "big") >> 1


def _opened(path: Path) -> sqlite3.Connection:
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite's change to a write-ahead log, the first time, does not wait for other processes.
    with FileLock(f"{path}.lock", timeout=PATIENCE_SECONDS):
        connection = sqlite3.connect(path, timeout=PATIENCE_SECONDS)
        # Both only while the file is empty.
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        # Else the log stays as large as it ever became, and counts in no bound.
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
        # A power cut may lose the last rows; the file stays whole.
        connection.execute("PRAGMA synchronous = NORMAL")
        for table in _TABLES:
            connection.execute(table)
        return connection


def _pages(connection: sqlite3.Connection, which: str = "page") -> int:
    """Return how many pages the file has; for `"freelist"`, how many of them are free."""
    return int(connection.execute(f"PRAGMA {which}_count").fetchone()[0])


def _packed(vector: np.ndarray) -> bytes:
    """Return the bytes of `vector (dim,) float32` and their checksum, which SQLite lacks."""
    content = vector.tobytes()
    return content + _checksum(content)


def _unpacked(blob: object, dim: int) -> np.ndarray | None:
    """Return the vector of `blob`; None if it is of another size, or damaged."""
    import numpy as np

    content = blob[:-4] if isinstance(blob, bytes) else b""
    if len(content) != 4 * dim or blob != content + _checksum(content):
        return None
    return np.frombuffer(content, dtype=np.float32)


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "big")
