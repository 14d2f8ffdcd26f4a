"""A stage in parts: what was done stays done, and comes out as if it had been done here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from stages.compute.job import Parted
from stages.compute.packing import cut, pack, unpack
from stages.compute.task import Fault, Task
from stages.machine.errors import ComputeError
from stages.stores.parts import Folder
from tests.compute.samples import Doubling, Here, Marked, doubled, marked, numbers


@pytest.fixture
def parts(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "parts" / "stage")


@pytest.fixture
def work(tmp_path: Path) -> Marked:
    (tmp_path / "marks").mkdir()
    # Its own identity: a process keeps what it has started.
    return Marked(Doubling(str(tmp_path)), tmp_path / "marks")


def done(marks: Path) -> list[int]:
    """The first numbers of the batches that were done, each as often as it was done."""
    return sorted(map(int, marked(marks)))


def test_batches_come_back_in_order_and_one_for_one(parts: Folder, work: Marked) -> None:
    some = numbers(7)
    cluster = Parted(parts, 4, Here())
    assert list(cluster.mapped(work, some, doing="test")) == list(map(doubled, some))
    assert [batch.num_rows for batch in cluster.mapped(work, some, doing="test")] == [2] * 7
    cluster.forget()
    assert parts.names() == set()


def test_what_was_done_before_a_crash_is_not_done_again(parts: Folder, work: Marked) -> None:
    some = numbers(10)
    with pytest.raises(ConnectionError):
        list(Parted(parts, 4, Here(most=3)).mapped(work, some, doing="test"))
    # Three parts of five, the last ones, of two batches each.
    assert done(work.marks) == [8, 10, 12, 14, 16, 18]
    found = list(Parted(parts, 4, Here()).mapped(work, some, doing="test"))
    assert done(work.marks) == list(range(0, 20, 2))
    assert [n for batch in found for n in batch.column("n").to_pylist()] == list(range(0, 40, 2))


def test_other_input_and_other_work_are_other_parts(parts: Folder, work: Marked) -> None:
    list(Parted(parts, 4, Here()).mapped(work, numbers(4), doing="test"))
    # The first part is the same, the second is longer.
    list(Parted(parts, 4, Here()).mapped(work, numbers(5), doing="test"))
    assert done(work.marks) == [0, 2, 4, 6, 8]
    other = Marked(Doubling(f"{work.identity}, another encoder"), work.marks)
    list(Parted(parts, 4, Here()).mapped(other, numbers(2), doing="test"))
    assert done(work.marks) == [0, 0, 2, 2, 4, 6, 8]


def test_the_same_part_twice_is_done_once(parts: Folder, work: Marked) -> None:
    some = numbers(2) * 3
    found = list(Parted(parts, 4, Here()).mapped(work, some, doing="test"))
    assert len(found) == 6
    assert done(work.marks) == [0, 2]


def test_no_batches_are_no_parts(parts: Folder, work: Marked) -> None:
    assert list(Parted(parts, 4, Here()).mapped(work, [], doing="test")) == []


def test_a_damaged_part_is_done_anew(parts: Folder, work: Marked) -> None:
    some = numbers(4)
    cluster = Parted(parts, 4, Here())
    list(cluster.mapped(work, some, doing="test"))
    [name, _] = sorted(parts.names())
    content = parts.read(name) or b""
    parts.write(name, content[:-1] + b"x")
    with pytest.raises(ComputeError, match=r"digest is another one.*only this part is done anew"):
        list(cluster.mapped(work, some, doing="test"))
    assert list(cluster.mapped(work, some, doing="test")) == list(map(doubled, some))
    assert len(done(work.marks)) == 4 + 2


class Elsewhere(Here):
    """Workers that see another folder, or that are other machines."""

    def __init__(self, parts: Folder, label: str | None = None) -> None:
        super().__init__()
        self.parts, self.label = parts, label

    def done(self, keys, task):  # type: ignore[no-untyped-def]
        other = type(task)(self.parts, task.work, self.label or task.label)
        return super().done(keys, other)


def test_a_folder_that_a_node_does_not_see_is_one_line(
    parts: Folder, work: Marked, tmp_path: Path
) -> None:
    cluster = Parted(parts, 4, Elsewhere(Folder(tmp_path / "not-mounted")))
    with pytest.raises(ComputeError, match=r"does not see the parts.*set parts in conf/compute/"):
        list(cluster.mapped(work, numbers(2), doing="test"))


def test_a_node_that_would_make_other_bytes_is_refused(parts: Folder, work: Marked) -> None:
    with pytest.raises(ComputeError, match=r"would make other bytes.*constraints\.txt"):
        list(Parted(parts, 4, Elsewhere(parts, "0" * 64)).mapped(work, numbers(2), doing="test"))
    assert done(work.marks) == []


def test_parts_end_with_whole_numbers(work: Marked) -> None:
    some = numbers(5)
    assert [len(part) for part in cut(some, rows=4, most_bytes=10**6)] == [2, 2, 1]
    assert [len(part) for part in cut(some, rows=3, most_bytes=10**6)] == [2, 2, 1]
    assert [len(part) for part in cut(some, rows=100, most_bytes=1)] == [1] * 5
    packed = pack(some)
    assert packed == pack(numbers(5))
    found = list(unpack(packed))
    assert found == some
    assert found[0].schema.metadata == {b"kind": b"numbers"}


def test_a_part_is_done_once_although_two_workers_got_it(parts: Folder, work: Marked) -> None:
    class Twice(Here):
        def done(self, keys, task):  # type: ignore[no-untyped-def]
            for key in keys:
                task(key)
                yield key, task(key)

    list(Parted(parts, 4, Twice()).mapped(work, numbers(4), doing="test"))
    assert done(work.marks) == [0, 2, 4, 6]
    assert {name.partition(".")[2] for name in parts.names()} == {"made"}


class Death(BaseException):
    """What no worker survives."""


@dataclass(frozen=True)
class Deadly:
    """Work that kills whoever does it; see `Work`."""

    identity: str

    def start(self) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        def die(_: pa.RecordBatch) -> pa.RecordBatch:
            raise Death

        return die


class Stubborn(Here):
    """Workers that try a part again as long as it kills one of them, as Ray Data does."""

    def __init__(self) -> None:
        super().__init__()
        self.deaths = 0

    def done(self, keys: Sequence[str], task: Task) -> Iterator[tuple[str, Fault | None]]:
        for key in keys:
            while True:
                try:
                    fault = task(key)
                except Death:
                    self.deaths += 1
                    continue
                yield key, fault
                break


def test_a_part_that_kills_its_workers_is_given_up(parts: Folder, tmp_path: Path) -> None:
    workers, work = Stubborn(), Deadly(str(tmp_path))
    for total in (5, 10):
        with pytest.raises(ComputeError, match=r"begun 5 times, and its worker died each time"):
            list(Parted(parts, 4, workers).mapped(work, numbers(2), doing="test"))
        assert workers.deaths == total
