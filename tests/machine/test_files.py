"""Files are whole or absent, and say the same thing in the same bytes."""

from __future__ import annotations

import hashlib
import math
import multiprocessing
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.machine.errors import BusyError
from stages.machine.files import (
    exclusive,
    read_json,
    replacing,
    tree_digest,
    write_json,
    write_text,
)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert read_json(path) == {"old": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    for content in ("old", "new"):
        with replacing(tmp_path / "model") as folder:
            folder.mkdir()
            (folder / content).touch()
    assert [p.name for p in (tmp_path / "model").iterdir()] == ["new"]


# Begins to write, says so, and goes on when it is told to.
WRITER = """
import sys
import tempfile
from pathlib import Path
from stages.machine.files import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("by another")
    print("writing", flush=True)
    sys.stdin.readline()
"""
# As in another container: there this process has the number 1, and the others have none.
APART = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]


def namespaces_allowed() -> bool:
    done = subprocess.run([*APART, "true"], check=False, capture_output=True)
    return done.returncode == 0


@pytest.fixture(params=["here", "in another container"])
def writer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of writing `a.txt`."""
    if request.param != "here" and not namespaces_allowed():
        pytest.skip("this machine allows no process namespaces")
    before = [] if request.param == "here" else APART
    command = [*before, sys.executable, "-c", WRITER, str(tmp_path / "a.txt")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def test_what_a_killed_writer_left_is_swept_by_the_next(
    writer: subprocess.Popen[str], tmp_path: Path
) -> None:
    writer.kill()
    writer.wait()
    assert len(list(tmp_path.iterdir())) == 1
    assert not (tmp_path / "a.txt").exists()
    until = time.monotonic() + 10
    while [p.name for p in tmp_path.iterdir()] != ["a.txt"] and time.monotonic() < until:
        # Whoever is ended with its namespace lives a moment longer than what made that.
        write_text(tmp_path / "a.txt", "whole")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_what_a_living_writer_has_begun_is_left_alone(
    writer: subprocess.Popen[str], tmp_path: Path
) -> None:
    write_text(tmp_path / "a.txt", "meanwhile")
    assert (tmp_path / "a.txt").read_text() == "meanwhile"
    writer.communicate("\n", timeout=30)
    assert writer.returncode == 0
    assert (tmp_path / "a.txt").read_text() == "by another"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_leftovers_of_earlier_versions_are_swept(tmp_path: Path) -> None:
    (tmp_path / ".a.txt.1.0123abcd.tmp").write_text("half")
    folder = tmp_path / ".a.txt.2.0123abcd.tmp"
    folder.mkdir()
    (folder / "part").write_text("half")
    write_text(tmp_path / "a.txt", "whole")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_swept_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mkdir = Path.mkdir
    swept: list[Path] = []

    def swept_once(self: Path, *arguments: Any, **options: Any) -> None:
        mkdir(self, *arguments, **options)
        if self.name.endswith(".tmp") and not swept:
            swept.append(self)
            self.rmdir()

    monkeypatch.setattr(Path, "mkdir", swept_once)
    write_text(tmp_path / "a.txt", "whole")
    assert swept
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_json_is_rounded_sorted_and_never_nan(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"b": np.float32(0.123456), "a": [math.nan, -0.00001, 1]})
    assert path.read_text() == ('{\n  "a": [\n    null,\n    0.0,\n    1\n  ],\n  "b": 0.1235\n}\n')


def test_the_digest_of_a_folder_depends_on_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    before = tree_digest(tmp_path)
    (tmp_path / "a").write_text("2")
    (tmp_path / "b").write_text("1")
    assert tree_digest(tmp_path) != before


def test_no_two_folders_have_one_digest(tmp_path: Path) -> None:
    digests = [tree_digest(made) for made in _look_alikes(tmp_path)]
    assert len(set(digests)) == len(digests)


def _look_alikes(parent: Path) -> Iterator[Path]:
    """Yield folders that a careless listing takes for each other."""

    def empty() -> Path:
        return Path(tempfile.mkdtemp(dir=parent))

    yield empty()
    one = hashlib.sha256(b"1").hexdigest()
    for names in (["a", "b"], [f"a\n{one}  b"], ["a\\n" + f"{one}  b"], ["a", "b", "c"]):
        folder = empty()
        for name in names:
            (folder / name).write_text("1")
        yield folder
    for kind in (os.mkfifo, os.mkdir, lambda path: os.mknod(path, stat.S_IFSOCK)):
        folder = empty()
        kind(folder / "a")
        yield folder
    for name, target in (
        ("a", "/"),
        ("a", "/usr"),
        ("a", "gone"),
        ("a -> b", "c"),
        ("a", "b -> c"),
    ):
        folder = empty()
        (folder / name).symlink_to(target)
        yield folder
    folder = empty()
    (folder / os.fsdecode(b"a\xff")).write_text("1")
    yield folder


def test_a_linked_file_counts_as_its_bytes(tmp_path: Path) -> None:
    # As DVC checks a model out where its cache is set to links.
    for name in ("plain", "linked"):
        (tmp_path / name).mkdir()
    (tmp_path / "plain/a").write_text("1")
    (tmp_path / "linked/a").symlink_to(tmp_path / "plain/a")
    assert tree_digest(tmp_path / "linked") == tree_digest(tmp_path / "plain")


def _hold(lock: Path, held: Event, let_go: Event) -> None:
    with exclusive(lock, "train"):
        held.set()
        let_go.wait(30)


def test_a_stage_started_twice_at_once_is_busy(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path / ".lock", held, let_go))
    other.start()
    try:
        assert held.wait(30)
        with (
            pytest.raises(BusyError, match="already running"),
            exclusive(tmp_path / ".lock", "train"),
        ):
            pass
    finally:
        let_go.set()
        other.join()
    with exclusive(tmp_path / ".lock", "train"):
        pass
