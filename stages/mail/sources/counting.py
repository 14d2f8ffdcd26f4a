"""How often an id was met, counted on disk: a source's ids take no memory."""

from __future__ import annotations

import sqlite3

# 8 MB are held, the rest is in a file without a name: it goes with the process, however that ends.
_SETUP = (
    *("PRAGMA cache_size = -8192", "PRAGMA temp_store = FILE", "PRAGMA journal_mode = OFF"),
    "CREATE TABLE met (id BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID",
    "BEGIN",
)
_COUNT = "INSERT INTO met VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times"


class Met:
    """Ids of 64 hexadecimal digits; a context that forgets them."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        for statement in _SETUP:
            self._database.execute(statement)

    def __enter__(self) -> Met:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def count(self, name: str) -> int:
        """Return how often `name` was met, this time included."""
        [[times]] = self._database.execute(_COUNT, (bytes.fromhex(name)[:16],)).fetchall()
        return int(times)
