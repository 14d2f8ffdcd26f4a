"""What the machine does to a command is one line; what our code does wrong is a traceback."""

from __future__ import annotations

import errno
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from stages.machine.errors import UserError
from stages.machine.faults import from_outside
from stages.machine.files import write_text
from tests.mounts import full, read_only

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_{name}, ({amount}, {amount}))
from stages.machine.edge import guarded
sys.exit(guarded("spamline test", lambda: {work}))
"""


def long_name(folder: Path) -> None:
    (folder / ("x" * 300)).touch()


def link_loop(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    (folder / "loop").read_bytes()


def link_resolved(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    (folder / "loop").resolve()


def no_thread(_: Path) -> None:
    # What Python says where the system's limit is reached; root has none.
    raise RuntimeError("can't start new thread")


def folder_read(folder: Path) -> None:
    folder.read_bytes()


def file_above(folder: Path) -> None:
    (folder / "file").touch()
    (folder / "file" / "below" / "x").mkdir()


def file_as_folder(folder: Path) -> None:
    (folder / "file").touch()
    (folder / "file").mkdir(exist_ok=True)


def socket_opened(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        # Its address may have 108 bytes.
        server.bind(os.path.relpath(folder / "s"))
        (folder / "s").read_bytes()


def full_device(_: Path) -> None:
    Path("/dev/full").write_bytes(b"x" * 100_000)


def system_folder(_: Path) -> None:
    Path("/sys/spamline").write_text("x")


def no_listener(_: Path) -> None:
    with socket.create_connection(("127.0.0.1", 9)):
        pass


def full_database(folder: Path) -> None:
    connection = sqlite3.connect(folder / "x.db")
    connection.execute("PRAGMA max_page_count = 2")
    connection.execute("CREATE TABLE t (x)")
    connection.execute("INSERT INTO t VALUES (zeroblob(100000))")


def system_database(_: Path) -> None:
    sqlite3.connect("/sys/spamline.db").execute("CREATE TABLE t (x)")


def strange_name(folder: Path) -> None:
    os.fsdecode(os.fsencode(folder) + b"/\xff.csv").encode()


def absent_package(_: Path) -> None:
    import a_package_of_nobody  # type: ignore[import-not-found]  # noqa: F401


def no_memory(_: Path) -> None:
    import numpy as np

    np.ones(1 << 60, dtype=np.int8)


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (long_name, "File name too long: "),
        (link_loop, "/loop; expected links that end at a file or a folder; "),
        (link_resolved, "expected links that end at a file or a folder; "),
        (no_thread, "room for another process or thread"),
        (folder_read, "Is a directory: "),
        (file_above, "/file; expected a folder; "),
        (file_as_folder, "/file; expected a folder; "),
        (socket_opened, "/s; expected a regular file; "),
        (full_device, "No space left on device"),
        (system_folder, "/sys/spamline; expected a file"),
        (no_listener, "services that answer"),
        (full_database, "room for what is being written"),
        (system_database, "unable to open database file"),
        (strange_name, r"/\xff.csv' is not UTF-8"),
        (absent_package, "a_package_of_nobody is not installed"),
        (no_memory, "enough free memory"),
    ],
)
def test_a_fault_of_the_machine_is_one_line(
    cause: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    kinds = (OSError, sqlite3.Error, UnicodeError, ImportError, MemoryError, RuntimeError)
    with pytest.raises(kinds) as caught:
        cause(tmp_path)
    found = from_outside(caught.value)
    assert found is not None
    assert words in str(found)
    assert "\n" not in str(found)
    assert found.exit_status == UserError.exit_status


def test_a_read_only_file_system_is_one_line(tmp_path: Path) -> None:
    with read_only(tmp_path), pytest.raises(OSError, match="Read-only") as caught:
        (tmp_path / "x").touch()
    words = f"{tmp_path / 'x'}; expected a file system that may be written to"
    assert words in str(from_outside(caught.value))


def test_a_full_disk_is_one_line_with_the_file(tmp_path: Path) -> None:
    with full(tmp_path / "volume") as folder, pytest.raises(OSError, match="No space") as caught:
        write_text(folder / "x.json", "x" * 10_000)
    assert f"No space left on device: {folder / 'x.json'}; " in str(from_outside(caught.value))


def wrong_path(folder: Path) -> None:
    (folder / "x" / "y").read_bytes()


def folder_made_twice(folder: Path) -> None:
    folder.mkdir()


def file_closed_twice(_: Path) -> None:
    with tempfile.TemporaryFile() as stream:
        os.close(stream.fileno())


def half_a_character(_: Path) -> None:
    "\ud800".encode()


def wrong_module(_: Path) -> None:
    import stages.nothing  # type: ignore[import-not-found]  # noqa: F401


@pytest.mark.parametrize(
    "cause", [wrong_path, folder_made_twice, file_closed_twice, half_a_character, wrong_module]
)
def test_what_our_code_may_have_done_keeps_its_traceback(
    cause: Callable[[Path], None], tmp_path: Path
) -> None:
    with pytest.raises((OSError, UnicodeError, ImportError)) as caught:
        cause(tmp_path)
    assert from_outside(caught.value) is None


def test_a_fault_is_found_below_what_a_library_makes_of_it() -> None:
    fault, wrapped = OSError(errno.EIO, "Input/output error", "x"), ValueError("cannot read x")
    wrapped.__cause__ = fault
    assert "Input/output error: x" in str(from_outside(wrapped))
    # What goes wrong while a fault is handled is a bug.
    bug = ValueError("a bug")
    bug.__context__ = fault
    assert from_outside(bug) is None


@pytest.mark.parametrize(
    ("name", "amount", "work", "words"),
    [
        ("NOFILE", 20, "[open('/dev/null') for _ in range(30)] and 0", "ulimit -n"),
        ("FSIZE", 100, "open('x', 'w').write('x' * 10**6)", "ulimit -f"),
        ("AS", 1 << 30, "len(bytearray(1 << 31))", "out of memory"),
    ],
)
def test_a_limit_of_the_process_is_one_line(
    name: str, amount: int, work: str, words: str, root: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED.format(name=name, amount=amount, work=work)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("spamline test: ")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


@pytest.mark.parametrize("gone", ["current", "temporary"])
def test_a_folder_that_is_gone_is_one_line(
    gone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    # Without any of the folders that Python tries.
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(folder)])
    monkeypatch.setattr(tempfile, "tempdir", None)
    with pytest.raises(FileNotFoundError) as caught:
        Path.cwd() if gone == "current" else tempfile.gettempdir()
    words = {"current": "the current folder was removed", "temporary": "set TMPDIR"}
    assert words[gone] in str(from_outside(caught.value))
