"""What a user or the machine can do to any command, as one line; our own bugs stay what they are.

Only faults that no code of ours can cause are here, whoever raised them:

error of the system by its number  -> what it names: permissions, room, limits, disks, networks
SQLite's errors by their codes     -> the same of its files
no memory, no further thread       -> the machine is too small or too busy
a name that is not UTF-8           -> a file was named elsewhere, by bytes
a library that is not installed    -> the environment is not the pinned one

A `FileNotFoundError` is none of them. A wrong path is the commonest bug there is, and nothing in
the error tells it from a file that somebody removed: so whoever reads a file that people can remove
says which command writes it, and any other keeps its traceback.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from stages.machine.errors import UserError

_AGAIN = "then run the same again"
_ROOM = (
    "room for what is being written",
    f"free some space, {_AGAIN}: nothing is half-written",
)
_MAY = (
    "a file or folder that this user may use",
    f"change its owner or its permissions, or use another, {_AGAIN}",
)
_FILES = ("fewer open files than the limit", f"raise the limit (`ulimit -n 4096`), {_AGAIN}")
_PROCESSES = (
    "room for another process or thread",
    f"end what else runs, or raise the limit (`ulimit -u`), {_AGAIN}",
)
_MEMORY = (
    "enough free memory",
    f"end what else runs, or take a larger machine or a smaller `size=`, {_AGAIN}",
)
_DISK = ("a disk that works", f"see the system's log (`dmesg`), {_AGAIN}")
_IN_USE = ("a path that can be replaced", f"let no mount point or program hold it, {_AGAIN}")
_NETWORK = (
    "a network, and services that answer",
    f"check the network and the addresses in .env, {_AGAIN}",
)
# What is expected, and what fixes it.
_SYSTEM = {
    errno.EROFS: ("a file system that may be written to", f"mount it for writing, {_AGAIN}"),
    errno.EACCES: _MAY,
    errno.EPERM: _MAY,
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: (
        "files that may become that large",
        f"raise the limit (`ulimit -f`), or use another file system, {_AGAIN}",
    ),
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.EAGAIN: _PROCESSES,
    errno.ENOMEM: _MEMORY,
    errno.ENAMETOOLONG: ("a shorter path", f"shorten it, or move the checkout, {_AGAIN}"),
    errno.ELOOP: ("links that end at a file or a folder", f"remove that link, {_AGAIN}"),
    errno.ENOTDIR: ("a folder", f"remove the file that has its place, {_AGAIN}"),
    errno.EISDIR: ("a file", f"remove the folder that has its place, {_AGAIN}"),
    errno.ENXIO: ("a regular file", f"remove what has its place, {_AGAIN}"),
    errno.ENODEV: ("a regular file", f"remove what has its place, {_AGAIN}"),
    errno.EIO: _DISK,
    errno.ESTALE: _DISK,
    errno.ENOLCK: ("a file system with locks", f"use another one, {_AGAIN}"),
    errno.EBUSY: _IN_USE,
    errno.EXDEV: _IN_USE,
} | dict.fromkeys(
    (
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.ETIMEDOUT,
    ),
    _NETWORK,
)
# Those that a download meets here, and never in the network.
_ON_DISK = (
    *(errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    *(errno.EMFILE, errno.ENOTDIR, errno.EIO),
)
# SQLite's codes, which have no number of the system.
_SQLITE = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_IOERR: errno.EIO,
}


def from_outside(error: BaseException) -> UserError | None:
    """Return the error to report if the user or the machine caused `error`, else None.

    Args:
        error: or what it was explicitly raised from.
    """
    return next(filter(None, map(_known, _causes(error))), None)


def disk_fault(error: BaseException) -> UserError | None:
    """Return the error to report if a download failed because of this machine's disk, else None.

    Downloaders write in threads and in Rust, whose words hold the number alone: `(os error 28)`.
    """
    for cause in _causes(error, context=True):
        found = re.search(r"\(os error (\d+)\)", str(cause))
        number = int(found[1]) if found else getattr(cause, "errno", None)
        path = getattr(cause, "filename", None)
        # Without a path, permission is what a firewall denies.
        if number in _ON_DISK and (path or number not in (errno.EACCES, errno.EPERM)):
            return _of(number, OSError(number, os.strerror(number), path))
    return None


def name_of(path: object) -> str:
    """Return a path for people: bytes of it that are not UTF-8 in hexadecimal digits."""
    return os.fsencode(str(path)).decode("utf-8", "backslashreplace")


def _causes(error: BaseException | None, *, context: bool = False) -> Iterator[BaseException]:
    # By default not the context: what goes wrong while a fault is handled is a bug.
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (error.__context__ if context else None)


def _known(error: BaseException) -> UserError | None:
    match error:
        case UserError():
            return error
        case FileNotFoundError():
            return _gone(error)
        case FileExistsError():
            # Where there is a folder, whoever made it the second time has a bug.
            return None if _is_folder(error.filename) else _of(errno.ENOTDIR, error)
        case OSError():
            return _of(error.errno, error)
        case sqlite3.Error():
            return _of(_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF), error)
        case MemoryError():
            return _error("out of memory", *_MEMORY)
        case RuntimeError() if "can't start new thread" in str(error):
            return _error(str(error), *_PROCESSES)
        case RuntimeError() if str(error).startswith("Symlink loop from"):
            return _error(str(error), *_SYSTEM[errno.ELOOP])
        case UnicodeEncodeError():
            return _misnamed(error)
        case ModuleNotFoundError():
            return _missing(error)
    return None


def _of(number: int | None, error: OSError | sqlite3.Error) -> UserError | None:
    if number not in _SYSTEM:
        return None
    words = error.strerror if isinstance(error, OSError) else f"SQLite: {error}"
    name = getattr(error, "filename", None)
    if not isinstance(name, str | bytes) or not name:
        return _error(str(words), *_SYSTEM[number])
    path = Path(os.fsdecode(name))
    if number == errno.ENOTDIR:
        # The file in the way is above what was asked for.
        path = next((above for above in path.parents if above.is_file()), path)
    return _error(f"{words}: {name_of(path)}", *_SYSTEM[number])


def _is_folder(name: object) -> bool:
    return not isinstance(name, str | bytes) or Path(os.fsdecode(name)).is_dir()


def _gone(error: FileNotFoundError) -> UserError | None:
    """Return the error for the two folders that every program is given, and that may be gone."""
    if "No usable temporary directory" in str(error):
        found = error.strerror or str(error)
        return _error(found, "a folder for temporary files", f"set TMPDIR to one, {_AGAIN}")
    try:
        Path.cwd()
    except FileNotFoundError:
        return _error("the current folder was removed", "a folder", "`cd` into one that exists")
    return None


def _misnamed(error: UnicodeEncodeError) -> UserError | None:
    part = error.object[error.start : error.end]
    # So Python keeps bytes of file names and of arguments that are not of their encoding.
    if not all("\udc80" <= character <= "\udcff" for character in part):
        return None
    return _error(
        f"the name {name_of(error.object[:200])!r} is not UTF-8".replace("\\\\", "\\"),
        "names of files, folders and arguments in UTF-8",
        f"rename it, {_AGAIN}",
    )


def _missing(error: ModuleNotFoundError) -> UserError | None:
    name = error.name or ""
    # A part of a package that is there has another name: our bug.
    if not name or "." in name or name in ("stages", "benchmarks", "tests"):
        return None
    return _error(
        f"the Python package {name} is not installed", "the pinned packages", "run `make install`"
    )


def _error(found: str, expected: str, fix: str) -> UserError:
    return UserError(found, expected=expected, fix=fix)
