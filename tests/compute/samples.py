"""Work that leaves a mark for each batch it does, and workers that are this process."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from stages.compute.task import Fault, Task

SCHEMA = pa.schema([pa.field("n", pa.int64(), nullable=False)], metadata={"kind": "numbers"})


def batches(count: int, rows: int = 2) -> list[pa.RecordBatch]:
    """Batches of consecutive numbers."""
    starts = range(0, count * rows, rows)
    return [pa.record_batch([pa.array(range(n, n + rows))], schema=SCHEMA) for n in starts]


@dataclass(frozen=True)
class Doubling:
    """Doubles numbers, slowly, and leaves a file in `marks` for each batch that is done."""

    marks: Path
    seconds: float = 0.0
    identity: str = "doubling"

    def start(self) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        return self._doubled

    def _doubled(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        time.sleep(self.seconds)
        numbers = [int(n) for n in batch.column("n").to_numpy()]
        (self.marks / f"{numbers[0]}.{uuid.uuid4().hex}").touch()
        return pa.record_batch([pa.array([2 * n for n in numbers])], schema=SCHEMA)


def done(marks: Path) -> list[int]:
    """The first numbers of the batches that were done, each as often as it was done."""
    return sorted(int(path.name.partition(".")[0]) for path in marks.iterdir())


class Here:
    """Workers in this process, which die after `most` parts; see `Workers`."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most

    def done(self, keys: Sequence[str], task: Task) -> Iterator[tuple[str, Fault | None]]:
        # In another order than asked for, as a cluster does.
        for n, key in enumerate(reversed(keys)):
            if n == self.most:
                raise ConnectionError("the cluster is gone")
            yield key, task(key)
