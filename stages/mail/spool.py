"""Mail on disk while a window is put in order: keys in memory, messages in a mapped file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from stages.records.messages import BATCH_BYTES, BATCH_ROWS, MESSAGE_SCHEMA


class Spool:
    """Messages of a source, written to `path` as they come and read in any order.

    Args:
        path: an Arrow file to be written.
        batches: of `MESSAGE_SCHEMA`.

    Attributes:
        ids: of each message, by position.
        labels: "ham", "spam" or None, by position.
        received: microseconds since 1970, by position.
        order: the positions sorted by (received, id), the first of each id only.
        repeated: how many messages had the id of another one.
    """

    def __init__(self, path: Path, batches: Iterable[pa.RecordBatch]) -> None:
        self.ids: list[str] = []
        self.labels: list[str | None] = []
        self.received: list[int] = []
        self._sizes: list[int] = []
        self._places: list[tuple[int, int]] = []
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, MESSAGE_SCHEMA) as writer:
            for number, batch in enumerate(batches):
                writer.write_batch(batch)
                self._note(number, batch)
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        self._batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
        self.order = self._sorted()
        self.repeated = len(self.ids) - len(self.order)

    def _note(self, number: int, batch: pa.RecordBatch) -> None:
        received = batch.column("received_at").cast(pa.int64())
        texts, raws = batch.column("text").to_pylist(), batch.column("raw").to_pylist()
        self.ids.extend(str(value) for value in batch.column("id").to_pylist())
        self.labels.extend(batch.column("label").to_pylist())
        self.received.extend(int(value.as_py()) for value in received)
        self._sizes.extend(
            len(text or "") + len(raw or b"") for text, raw in zip(texts, raws, strict=True)
        )
        self._places.extend((number, row) for row in range(batch.num_rows))

    def _sorted(self) -> list[int]:
        positions = sorted(range(len(self.ids)), key=self._key)
        first = {self.ids[position]: position for position in reversed(positions)}
        return [position for position in positions if first[self.ids[position]] == position]

    def _key(self, position: int) -> tuple[int, str, str]:
        # The label only decides between two messages of one id, that is, one raw mail twice in a
        # source: "ham", then "spam", then none.
        label = self.labels[position] or "unlabelled"
        return self.received[position], self.ids[position], label

    def texts(self, positions: Iterable[int]) -> Iterator[tuple[str, str, str]]:
        """Yield (id, subject, text) of the messages at `positions`."""
        for position in positions:
            number, row = self._places[position]
            batch = self._batches[number]
            subject, text = batch.column("subject")[row].as_py(), batch.column("text")[row].as_py()
            yield self.ids[position], subject, text

    def batches(self, positions: Sequence[int], groups: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the messages at `positions`, in that order, with their groups filled in."""
        column = MESSAGE_SCHEMA.get_field_index("group")
        for start, end in self._cuts(positions):
            rows = [self._row(position) for position in positions[start:end]]
            [batch] = pa.Table.from_batches(rows).combine_chunks().to_batches()
            yield batch.set_column(
                column, MESSAGE_SCHEMA.field(column), pa.array(groups[start:end], pa.string())
            )

    def _row(self, position: int) -> pa.RecordBatch:
        number, row = self._places[position]
        return self._batches[number].slice(row, 1)

    def _cuts(self, positions: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of batches that keep to the bounds of rows and bytes."""
        start = size = 0
        for end, position in enumerate(positions, start=1):
            size += self._sizes[position]
            if end - start >= BATCH_ROWS or size >= BATCH_BYTES:
                yield start, end
                start, size = end, 0
        if start < len(positions):
            yield start, len(positions)
