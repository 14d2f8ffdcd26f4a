"""One part of a stage, as a worker on any node does it."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stages.compute.packing import pack, unpack
from stages.machine.errors import ComputeError, UserError
from stages.machine.faults import from_outside
from stages.machine.packages import installed_version

if TYPE_CHECKING:
    import pyarrow as pa

    from stages.compute import Work
    from stages.stores.parts import Parts

# The packages that any work uses; a work's identity has those of its own.
_COMMON = ("numpy", "pyarrow", "scikit-learn", "scipy", "webencodings")
# More deaths than that are the fault of the part.
_MOST_TRIES = 5
_STAGES = Path(__file__).resolve().parents[1]

# What this process has loaded: the work on the parts of one stage is the same for all of them.
_started: dict[str, Callable[[pa.RecordBatch], pa.RecordBatch]] = {}


@dataclass(frozen=True)
class Fault:
    """A `UserError` on its way back from a node: exceptions lose their parts when they travel."""

    found: str
    expected: str
    fix: str

    @classmethod
    def of(cls, error: UserError) -> Fault:
        """Return what `error` says."""
        return cls(error.found, error.expected, error.fix)

    def error(self) -> UserError:
        """Return the error to raise."""
        return ComputeError(self.found, expected=self.expected, fix=self.fix)


@dataclass(frozen=True)
class Task:
    """Does one part at a time; the same again is done only if its result is not there.

    Attributes:
        parts: where parts are.
        work: what is done to each batch of a part.
        label: of `work`, where the stage runs; see `label_of`.
    """

    parts: Parts
    work: Work
    label: str

    def __call__(self, key: str) -> Fault | None:
        """Write the result of part `key`, unless it is there; return what a user must fix."""
        try:
            self._do(key)
        except Exception as error:
            known = from_outside(error)
            if known is None:
                raise
            return Fault.of(known)
        return None

    def _do(self, key: str) -> None:
        if self.parts.has(made(key)):
            return
        packed = self.parts.read(given(key))
        if packed is None:
            # Ray may have given up a node that went on, and finished.
            if self.parts.has(made(key)):
                return
            raise ComputeError(
                f"the node {platform.node()} does not see the parts of this stage",
                expected="a place that all nodes read and write",
                fix="set parts in conf/compute/ to a shared folder or to s3://bucket/prefix, and "
                "run `make params`",
            )
        self._count(key)
        run = self._start()
        self.parts.write(made(key), pack([run(batch) for batch in unpack(packed)]))
        self.parts.remove(tried(key))

    def _count(self, key: str) -> None:
        """Note that part `key` is begun: what kills each of its workers would be begun for ever."""
        before = int(self.parts.read(tried(key)) or 0)
        if before >= _MOST_TRIES:
            raise ComputeError(
                f"the part {key[:12]} of this stage was begun {before} times, and its worker died "
                "each time",
                expected="workers that have memory for a part",
                fix="see Ray's logs on the nodes, or set a smaller part_rows in conf/compute/, "
                "`make params` and do the same again: parts that are done are kept",
            )
        self.parts.write(tried(key), str(before + 1).encode())

    def _start(self) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        if self.label not in _started:
            if label_of(self.work) != self.label:
                raise ComputeError(
                    f"the node {platform.node()} would make other bytes: its code, its packages "
                    "or its processor differ",
                    expected="the same bytes from every node",
                    fix="install constraints.txt on each node; where processors differ, choose an "
                    "encoder.engine whose bytes do not depend on them, such as exact",
                )
            _started.clear()
            _started[self.label] = self.work.start()
        return _started[self.label]


def given(key: str) -> str:
    """Return the name of what part `key` starts from."""
    return f"{key}.given"


def made(key: str) -> str:
    """Return the name of the result of part `key`."""
    return f"{key}.made"


def tried(key: str) -> str:
    """Return the name of the number of times that part `key` was begun and did not end."""
    return f"{key}.tried"


def label_of(work: Work) -> str:
    """Return a digest of what the results of `work` depend on besides the batches."""
    versions = [f"{name} {installed_version(name)}" for name in _COMMON]
    python = "{}.{}".format(*sys.version_info)
    parts = [type(work).__qualname__, work.identity, _code(), f"python {python}", *versions]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def _code() -> str:
    digest = hashlib.sha256()
    for path in sorted(_STAGES.rglob("*.py")):
        digest.update(path.relative_to(_STAGES).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
