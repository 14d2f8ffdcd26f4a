"""Embeddings that this machine has made before: one SQLite file for all its runs and checkouts.

Nothing depends on it: a fault in the file is reported in one line, and the stage goes on.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.console import say
from stages.machine.variables import CACHE

if TYPE_CHECKING:
    import numpy as np

# 1.7 KB each at 384 dimensions; beyond this many the oldest go.
MOST_ROWS = 1_000_000
# Another process writes for some milliseconds at a time.
_PATIENCE_SECONDS = 10.0
_TABLE = "CREATE TABLE IF NOT EXISTS embeddings (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
_OLDEST = "DELETE FROM embeddings WHERE rowid <= (SELECT max(rowid) FROM embeddings) - ?"


class EmbeddingCache:
    """The file at `path`; no method raises.

    Several processes may use it at once, and any of them may be killed.

    Args:
        path: made where it is absent; beside it stand SQLite's journal and a lock.
        space: what the bytes of an embedding depend on besides the text.
        dim: of the vectors.
        most: rows that are kept.
    """

    def __init__(self, path: Path, space: str, dim: int, *, most: int = MOST_ROWS) -> None:
        self._path, self._space, self._dim, self._most = path, space, dim, most
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = _opened(path)
        except (sqlite3.Error, OSError) as error:
            self._tell("goes on without", error)
        self._full = False

    def get(self, texts: Iterable[str]) -> dict[str, np.ndarray]:
        """Return the vectors `(dim,) float32` of those of `texts` that are there, whole."""
        try:
            vectors = {text: self._vector(text) for text in texts}
        except sqlite3.Error as error:
            self._tell("goes on without", error)
            self.close()
            return {}
        return {text: vector for text, vector in vectors.items() if vector is not None}

    def put(self, vectors: Mapping[str, np.ndarray]) -> None:
        """Keep the vectors of texts; after a failure no more are kept, and those there are read."""
        if self._connection is None or self._full:
            return
        rows = [(self._key(text), _packed(vector)) for text, vector in vectors.items()]
        try:
            with self._connection as transaction:
                # Replaced: a row that is there already could not be read.
                transaction.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?)", rows)
                transaction.execute(_OLDEST, (self._most,))
        except sqlite3.Error as error:
            self._full = True
            self._tell("adds nothing to", error)

    def close(self) -> None:
        """Close the file; nothing is found or kept afterwards."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _vector(self, text: str) -> np.ndarray | None:
        if self._connection is None:
            return None
        query = "SELECT vector FROM embeddings WHERE key = ?"
        row = self._connection.execute(query, (self._key(text),)).fetchone()
        return _unpacked(row[0], self._dim) if row else None

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._space}\0{text}".encode()).digest()

    def _tell(self, consequence: str, error: Exception) -> None:
        say(
            f"embed: {consequence} the cache of embeddings {self._path} ({error}); to have it: "
            f"remove the file, or set {CACHE} to a folder with room that this user may write"
        )


def _opened(path: Path) -> sqlite3.Connection:
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite's change to a write-ahead log, the first time, does not wait for other processes.
    with FileLock(f"{path}.lock", timeout=_PATIENCE_SECONDS):
        connection = sqlite3.connect(path, timeout=_PATIENCE_SECONDS)
        connection.execute("PRAGMA journal_mode = WAL")
        # A power cut may lose the last rows; the file stays whole.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_TABLE)
        return connection


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
