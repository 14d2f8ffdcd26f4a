"""Files are whole or absent, and say the same thing in the same bytes."""

from __future__ import annotations

import math
import multiprocessing
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stages.machine.errors import BusyError
from stages.machine.files import exclusive, read_json, replacing, tree_digest, write_json


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


def test_what_a_killed_writer_left_is_swept_by_the_next(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from stages.machine.files import replacing\n"
        f"with replacing(Path({str(tmp_path / 'a.txt')!r})) as t:\n"
        "    t.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    assert not (tmp_path / "a.txt").exists()
    with replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole")
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


def _hold(lock: Path, held: object, let_go: object) -> None:
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
