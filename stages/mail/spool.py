"""Mail on disk while a window is put in order: of each message only numbers stay in memory."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stages.mail.runs import Places, first_equal, key_of
from stages.records.messages import BATCH_BYTES, BATCH_ROWS, HAM, MESSAGE_SCHEMA, SPAM

# The code of a label is its place here; their order decides between two messages of one id, that
# is, one raw mail twice in a source.
CODES: tuple[str | None, ...] = (HAM, SPAM, None)
NO_LABEL = CODES.index(None)

# All but the group, which is known only later; what is long comes last.
_COLUMNS = [name for name in MESSAGE_SCHEMA.names if name != "group"]
_BOOLEAN = {field.name for field in MESSAGE_SCHEMA if pa.types.is_boolean(field.type)}
_TABLES = (
    f"CREATE TABLE message (place INTEGER PRIMARY KEY, {', '.join(_COLUMNS)})",
    # A tree by this key is read in its order without sorting anything.
    "CREATE TABLE key (received INTEGER, id TEXT, label INTEGER, place INTEGER, "
    "PRIMARY KEY (received, id, label, place)) WITHOUT ROWID",
)
# Nothing is read again after a crash, so nothing is made safe against one. 16 MB are held.
_PRAGMAS = (
    *("page_size = 8192", "cache_size = -16384", "temp_store = FILE"),
    *("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"),
)


class Spool:
    """Messages of a source, written to `path` as they come and read in any order.

    A message's place is its number in the source, from 0. What is held takes 17 bytes a message.

    Args:
        path: an SQLite file to be written.
        batches: of `MESSAGE_SCHEMA`.

    Attributes:
        labels: (n,) int8, codes of `CODES`, by place.
        received: (n,) int64, microseconds since 1970, by place.
        order: (m,) int32, the places sorted by (received, id), the first of each id only.
        same_id: (n,) int32, by place: the one in `order` that has its id.
        repeated: how many messages had the id of another one.
    """

    def __init__(self, path: Path, batches: Iterable[pa.RecordBatch]) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        try:
            labels, received = self._filled(batches)
            self.labels: NDArray[np.int8] = np.frombuffer(labels, np.int8)
            self.received: NDArray[np.int64] = np.frombuffer(received, np.int64)
            self.order, self.same_id = self._sorted()
        except BaseException:
            self.close()
            raise
        self.repeated = len(self.labels) - len(self.order)

    def __len__(self) -> int:
        """Return the number of messages, repeated ids among them."""
        return len(self.labels)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _filled(self, batches: Iterable[pa.RecordBatch]) -> tuple[array[int], array[int]]:
        labels, received = array("b"), array("q")
        for statement in (*(f"PRAGMA {pragma}" for pragma in _PRAGMAS), *_TABLES, "BEGIN"):
            self._database.execute(statement)
        values = ", ".join("?" for _ in ("place", *_COLUMNS))
        for batch in batches:
            columns = {name: batch.column(name) for name in _COLUMNS}
            columns["received_at"] = columns["received_at"].cast(pa.int64())
            rows: dict[str, list[Any]] = {
                name: column.to_pylist() for name, column in columns.items()
            }
            codes = [CODES.index(label) for label in rows["label"]]
            places = range(len(labels), len(labels) + batch.num_rows)
            self._database.executemany(
                f"INSERT INTO message VALUES ({values})",  # noqa: S608
                zip(places, *rows.values(), strict=True),
            )
            keys = zip(rows["received_at"], rows["id"], codes, places, strict=True)
            self._database.executemany("INSERT INTO key VALUES (?, ?, ?, ?)", keys)
            labels.extend(codes)
            received.extend(rows["received_at"])
        return labels, received

    def _sorted(self) -> tuple[Places, Places]:
        """Return `order` and `same_id`."""
        places, keys = array("i"), array("Q")
        ordered = "SELECT place, id FROM key ORDER BY received, id, label, place"
        for place, name in self._database.execute(ordered):
            places.append(place)
            keys.append(key_of(name.encode()))
        order = np.frombuffer(places, np.int32)
        first = first_equal(np.frombuffer(keys, np.uint64))
        repeats = np.flatnonzero(first != np.arange(len(first), dtype=np.int32))
        for rank in repeats.tolist():
            # Two ids of one hash are two messages.
            if self.id(order[rank]) != self.id(order[first[rank]]):
                first[rank] = rank
        same_id = np.empty_like(order)
        same_id[order] = order[first]
        return order[first == np.arange(len(first), dtype=np.int32)], same_id

    def id(self, place: int) -> str:
        """Return the id of the message at `place`."""
        [[name]] = self._selected("id", [place])
        return str(name)

    def ids(self, places: Iterable[int]) -> Iterator[str]:
        """Yield the ids of the messages at `places`."""
        for [name] in self._selected("id", places):
            yield str(name)

    def texts(self, places: Iterable[int]) -> Iterator[tuple[str, str]]:
        """Yield (subject, text) of the messages at `places`."""
        for subject, text in self._selected("subject, text", places):
            yield str(subject), str(text)

    def batches(self, places: Places, groups: Places) -> Iterator[pa.RecordBatch]:
        """Yield the messages at `places`, in that order.

        Args:
            places: (k,).
            groups: (k,), the place of the message whose id is the name of each one's group.
        """
        rows: list[tuple[Any, ...]] = []
        size = 0
        text, raw = _COLUMNS.index("text"), _COLUMNS.index("raw")
        named = zip(self._selected(", ".join(_COLUMNS), places), self.ids(groups), strict=True)
        for row, group in named:
            rows.append((*row, group))
            size += len(row[text] or "") + len(row[raw] or b"")
            if len(rows) >= BATCH_ROWS or size >= BATCH_BYTES:
                yield _batch(rows)
                rows, size = [], 0
        if rows:
            yield _batch(rows)

    def _selected(self, columns: str, places: Iterable[int]) -> Iterator[tuple[Any, ...]]:
        query = f"SELECT {columns} FROM message WHERE place = ?"  # noqa: S608
        for place in places:
            yield self._database.execute(query, (int(place),)).fetchone()


def _batch(rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    columns = dict(zip((*_COLUMNS, "group"), zip(*rows, strict=True), strict=True))
    for name in _BOOLEAN:
        # SQLite has numbers for them.
        columns[name] = tuple(None if value is None else bool(value) for value in columns[name])
    arrays = [pa.array(columns[field.name], field.type) for field in MESSAGE_SCHEMA]
    return pa.record_batch(arrays, schema=MESSAGE_SCHEMA)
