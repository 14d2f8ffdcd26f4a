"""Parts in a folder and in the real S3: whole or not there."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from stages.machine.errors import StoreError
from stages.stores.parts import Bucket, Folder, Parts


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.slow)])
def parts(request: pytest.FixtureRequest, tmp_path: Path) -> Parts:
    if request.param == "folder":
        return Folder(tmp_path / "parts")
    return Bucket(request.getfixturevalue("s3_place"))


def test_a_part_is_written_read_and_removed(parts: Parts) -> None:
    assert parts.names() == set()
    assert (parts.has("a.made"), parts.read("a.made")) == (False, None)
    parts.write("a.made", b"first")
    parts.write("a.made", b"second")
    parts.write("b.given", b"")
    assert parts.names() == {"a.made", "b.given"}
    assert (parts.has("a.made"), parts.read("a.made")) == (True, b"second")
    parts.remove("a.made")
    parts.remove("a.made")
    assert parts.names() == {"b.given"}
    parts.remove("b.given")
    assert parts.names() == set()


def test_what_a_killed_writer_left_is_not_a_part_and_goes(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    old, new = (tmp_path / f"a.made.{n}.tmp" for n in (1, 2))
    for path in (old, new):
        path.write_bytes(b"half")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(old, (two_days_ago, two_days_ago))
    assert folder.names() == set()
    assert (old.exists(), new.exists()) == (False, True)


@pytest.mark.slow
def test_a_bucket_that_is_not_there_is_one_line(s3_place: str) -> None:
    with pytest.raises(StoreError, match=r"there is no bucket nowhere-at-all.*compute\.parts"):
        Bucket("s3://nowhere-at-all/parts").names()
