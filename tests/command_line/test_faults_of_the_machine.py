"""What the machine does to a command, and what a user does to its files: one line, status 2."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command_line.project import Project
from tests.mounts import read_only


@pytest.mark.parametrize(
    ("folder", "verb"),
    [
        (".", "params"),
        ("conf", "window"),
        ("data", "fetch"),
        ("data", "dashboard"),
    ],
)
def test_a_read_only_folder_is_one_line(project: Project, folder: str, verb: str) -> None:
    (project.folder / "data/monitor").mkdir()
    with read_only(project.folder / folder):
        line = project.refuse(verb)
    assert "Read-only file system: " in line
    assert "expected a file system that may be written to" in line


def test_a_folder_of_somebody_else_is_one_line(project: Project) -> None:
    # The same for root, whom no permissions hold.
    folder = project.folder / "data/fetch"
    if subprocess.run(["chattr", "+i", str(folder)], check=False, capture_output=True).returncode:
        pytest.skip("this file system knows no immutable folders")
    try:
        line = project.refuse("fetch")
    finally:
        subprocess.run(["chattr", "-i", str(folder)], check=True)
    assert "Operation not permitted: " in line
    assert "expected a file or folder that this user may use" in line


def test_a_file_where_a_folder_should_be_is_one_line(project: Project) -> None:
    shutil.rmtree(project.folder / "data")
    (project.folder / "data").touch()
    assert "Not a directory: data; expected a folder; " in project.refuse("fetch")


@pytest.mark.slow
def test_neither_a_home_nor_a_folder_for_temporary_files_is_needed(project: Project) -> None:
    project.environment.update(HOME="/nonexistent", TMPDIR="/nonexistent")
    del project.environment["SPAMLINE_CACHE"]
    project.do("fetch")


@pytest.mark.slow
def test_the_checkout_may_have_any_name(project: Project) -> None:
    folder = Path(os.fsdecode(os.fsencode(project.folder.parent) + b"/\xff\xe9\n"))
    project.folder.rename(folder)
    try:
        status, out, err = Project(project.root, folder, project.environment).run("fetch")
        assert (status, err) == (0, ""), out
    finally:
        folder.rename(project.folder)


@pytest.mark.parametrize("kind", ["pipe", "nul"])
def test_an_env_file_that_is_none_is_one_line(project: Project, kind: str) -> None:
    path = project.folder / ".env"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "nul":
            path.write_bytes(b"A=1\0\n")
    assert re.search(r"\.env (cannot be read|holds a NUL)", project.refuse("fetch"))
