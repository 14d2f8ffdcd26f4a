"""Files that are whole or absent, and that have the same bytes whenever they say the same thing."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Any

from stages.machine.errors import BusyError

DECIMALS = 4
# Of a file that is read whole; all that we write that way is far smaller.
MOST_BYTES = 268_435_456
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# In every temporary folder: held by its owner.
_LOCK = ".lock"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path near `path`; on success it takes the place of `path`, else it goes.

    The temporary path may be made a file or a folder; what a killed predecessor left is swept.
    Readers see the old content or the new one, never a part of it (a folder is absent for the
    instant between two renames).
    """
    with _beside(path) as folder:
        temporary = folder / "new"
        yield temporary
        if path.is_dir():
            # A folder cannot take the place of another that is not empty.
            path.rename(folder / "old")
        temporary.replace(path)


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """Yield a temporary folder near `path`, for files that are made before they are moved there.

    It goes in the end, and what a killed predecessor left is swept.
    """
    with _beside(path) as folder:
        temporary = folder / "new"
        temporary.mkdir()
        yield temporary


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Yield a new folder beside `path`, on the same file system, locked while this is at work.

    Its owner holds the lock file in it. The system releases that lock when the owner dies, also
    for an owner in another container, whose process ids mean nothing here.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(f".{path.name}.*.tmp"):
        _sweep(leftover)
    with ExitStack() as held, _named(path):
        folder = _owned(path, held)
        try:
            yield folder
        finally:
            _remove(folder)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let what fails name `path`, not the temporary one; a write to a full disk names nothing."""
    try:
        yield
    except OSError as error:
        nameless = error.filename is None and error.errno in _FULL
        if nameless or f".{path.name}." in str(error.filename):
            error.filename = str(path)
        raise


def _owned(path: Path, held: ExitStack) -> Path:
    from filelock import FileLock, Timeout

    while True:
        folder = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
        folder.mkdir()
        # Another process may sweep the folder before it is locked: then there is a next one.
        with suppress(Timeout, FileNotFoundError):
            held.enter_context(FileLock(folder / _LOCK, timeout=0))
            if (folder / _LOCK).exists():
                return folder


def _sweep(leftover: Path) -> None:
    """Remove what a writer that no longer runs has left, and nothing else."""
    from filelock import FileLock, Timeout

    with suppress(Timeout, OSError):
        if leftover.is_dir():
            with FileLock(leftover / _LOCK, timeout=0):
                _remove(leftover)
        else:
            leftover.unlink()


def _remove(folder: Path) -> None:
    # The lock file goes last: as long as anything else is there, it says whose it is.
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != _LOCK:
            path.unlink()
    shutil.rmtree(folder)


def rounded(value: object) -> Any:
    """Return `value` with every float in it rounded to `DECIMALS`; NaN and infinities become None.

    BLAS kernels of different CPUs differ in the last digits: four decimals are what we can promise.
    """
    if isinstance(value, dict):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, float):
        return round(float(value), DECIMALS) + 0.0 if math.isfinite(value) else None
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return rounded(value.item())
    return value


def json_text(value: object) -> str:
    """Return canonical JSON: sorted keys, two spaces, a final newline, no NaN."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: object) -> None:
    """Write `value` (see `rounded`) to `path` as canonical JSON, whole or not at all."""
    write_text(path, json_text(rounded(value)))


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in UTF-8, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Open a regular file for reading; a pipe or a device might never end.

    Raises:
        OSError: it cannot be opened, or is not a regular file.
    """
    kind = path.stat().st_mode
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        raise OSError(errno.ENODEV, "Not a regular file", str(path))
    with path.open("rb") as stream:
        yield stream


def read_bytes(path: Path) -> bytes:
    """Return the content of the regular file at `path`.

    Raises:
        OSError: see `opened`; or it has more than `MOST_BYTES`.
    """
    with opened(path) as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return content


def read_text(path: Path) -> str:
    """Return the text of the regular file at `path`, which is UTF-8; see `read_bytes`."""
    return read_bytes(path).decode("utf-8")


def read_json(path: Path) -> Any:
    """Return what the JSON file at `path` says.

    Raises:
        ValueError: it is not JSON.
        OSError: see `read_bytes`.
    """
    try:
        return json.loads(read_text(path))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file at `path`, in hexadecimal."""
    with opened(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_digest(folder: Path) -> str:
    """Return one SHA-256 for all that is below `folder`: two trees that differ have two digests.

    It is that of a listing as `sha256sum` writes it, sorted by name: a line for each file, also for
    one behind a link. A link to a folder, an empty folder, and what is neither folder nor file are
    listed by their kind, and never opened. Times and permissions do not count.
    """
    found = sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*"))
    listing = "".join(_listed(name, path) for name, path in found)
    return hashlib.sha256(listing.encode(errors="surrogateescape")).hexdigest()


def _listed(name: str, path: Path) -> str:
    """Return the line of `path` in the listing of its tree; empty for a folder with content."""
    if path.is_file():
        return _line(sha256(path), name)
    if path.is_symlink():
        return _line("link", f"{name}\0{path.readlink()}")
    if not path.is_dir():
        return _line(f"kind {stat.S_IFMT(path.stat().st_mode):o}", name)
    return "" if any(path.iterdir()) else _line("empty", name)


def _line(first: str, rest: str) -> str:
    # As coreutils do it: a name that would end the line is escaped, and the line says so.
    if "\n" not in rest:
        return f"{first}  {rest}\n"
    escaped = rest.replace("\\", "\\\\").replace("\n", "\\n")
    return f"\\{first}  {escaped}\n"


@contextmanager
def exclusive(lock: Path, doing: str) -> Iterator[None]:
    """Hold the lock file `lock`.

    Raises:
        BusyError: another process holds it.
    """
    from filelock import FileLock, Timeout

    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout:
        raise BusyError(
            f"{doing} is already running in {lock.parent}",
            expected="one at a time",
            fix="wait for it to end, then run again",
        ) from None
