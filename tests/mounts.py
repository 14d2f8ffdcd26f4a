"""File systems of a test's own: read-only ones, and small ones that are full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


def _mount(*arguments: str | Path) -> None:
    try:
        subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount a file system")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing below `folder` be written."""
    _mount("--bind", folder, folder)
    try:
        _mount("-o", "remount,bind,ro", folder)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[Path]:
    """Yield an empty folder on a file system at `folder` that has no room."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder)
    try:
        (folder / "empty").mkdir()
        with suppress(OSError), (folder / "all").open("wb", buffering=0) as stream:
            while True:
                stream.write(bytes(4096))
        yield folder / "empty"
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
