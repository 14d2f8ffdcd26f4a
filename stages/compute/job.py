"""A stage's work in parts: cut here, done wherever workers are, put together here in order.

A part is named by the digest of what it starts from and of what is done to it. So its result is
right whenever it is there, and whoever starts the same job again does only what is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from stages.compute.packing import cut, pack, unpack
from stages.compute.task import Fault, Task, given, label_of, made, tried
from stages.machine.console import track
from stages.machine.errors import ComputeError

if TYPE_CHECKING:
    import pyarrow as pa

    from stages.compute import Work
    from stages.stores.parts import Parts

# Of a part, whatever its rows: what a worker holds, twice, besides the model.
_MOST_BYTES = 134_217_728


class Workers(Protocol):
    """Whoever does parts."""

    def done(self, keys: Sequence[str], task: Task) -> Iterator[tuple[str, Fault | None]]:
        """Yield each of `keys` once its part is done, in any order, or what a user must fix.

        Raises:
            ComputeError: a part cannot be done, for all that was tried.
        """
        ...


class Parted:
    """A `Cluster` that does a stage in parts of whole batches.

    Args:
        parts: the place of the parts of this stage.
        rows: of a part: a part ends with the batch that fills it.
        workers: whoever does them.
    """

    def __init__(self, parts: Parts, rows: int, workers: Workers) -> None:
        self._parts, self._rows, self._workers = parts, rows, workers
        self._used: list[str] = []

    def mapped(
        self, work: Work, batches: Iterable[pa.RecordBatch], *, doing: str
    ) -> Iterator[pa.RecordBatch]:
        """See `Cluster`."""
        label = label_of(work)
        keys = self._handed_over(label, batches)
        self._used += keys
        there = self._parts.names()
        missing = [key for key in dict.fromkeys(keys) if made(key) not in there]
        for key in missing:
            if tried(key) in there:
                # By a job that was ended, perhaps; this one counts anew.
                self._parts.remove(tried(key))
        if missing:
            doing = f"{doing}, in parts of {self._rows}"
            done = self._workers.done(missing, Task(self._parts, work, label))
            for key, fault in track(done, doing=doing, total=len(missing)):
                if fault is not None:
                    raise fault.error()
                self._parts.remove(given(key))
        for key in keys:
            yield from self._result(key)

    def forget(self) -> None:
        """Remove all parts that were used: what was made of them is in its place."""
        for key in dict.fromkeys(self._used):
            self._parts.remove(given(key))
            self._parts.remove(made(key))
        self._used.clear()

    def _handed_over(self, label: str, batches: Iterable[pa.RecordBatch]) -> list[str]:
        """Write the parts of `batches` that are not there; return the keys of all, in order."""
        there, keys = self._parts.names(), []
        for part in cut(batches, rows=self._rows, most_bytes=_MOST_BYTES):
            packed = pack(part)
            key = hashlib.sha256(label.encode() + packed).hexdigest()
            if not there & {given(key), made(key)}:
                self._parts.write(given(key), packed)
            keys.append(key)
        return keys

    def _result(self, key: str) -> Iterator[pa.RecordBatch]:
        packed = self._parts.read(made(key))
        try:
            if packed is None:
                raise ValueError("it is gone")
            yield from unpack(packed)
        except ValueError as error:
            self._parts.remove(made(key))
            raise ComputeError(
                f"the part {key[:12]} of this stage cannot be read ({error})",
                expected="what a node has written",
                fix="run the same again: only this part is done anew",
            ) from None
