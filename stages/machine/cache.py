"""The per-user cache folder, shared by all checkouts on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from stages.machine.errors import ConfigError
from stages.machine.variables import CACHE, CACHE_GB

# Of embeddings: a million of 384 dimensions.
MOST_BYTES = 2_000_000_000
_GB = 1_000_000_000


@dataclass(frozen=True)
class Kind:
    """Files of the folder that can be made again, and may go while others use the folder.

    Args:
        title: for people.
        pattern: their paths in the folder.
    """

    title: str
    pattern: str


# Whoever keeps another kind of file here lists it. Embeddings are `stages.model`'s business.
KINDS = (
    Kind("downloads", "*.tgz"),
    Kind("drift profiles", "profiles/*.npz"),
    Kind("tables of the engine static", "static/*.table"),
    Kind("benchmarks' packages", "benchmarks/*"),
)


@dataclass(frozen=True)
class Kept:
    """What the folder has of one kind.

    Attributes:
        files: the files and folders.
        size: bytes.
        used: when one of them was last read or written, seconds since 1970.
    """

    files: tuple[Path, ...]
    size: int
    used: float


def cache_dir() -> Path:
    """Return `SPAMLINE_CACHE`, or by default `spamline` in the user's cache folder."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get(CACHE) or user_cache_dir("spamline"))


def most_bytes() -> int:
    """Return how large the cache of embeddings may be: `SPAMLINE_CACHE_GB`, or two gigabytes.

    Raises:
        ConfigError: it is not a number above zero.
    """
    given = os.environ.get(CACHE_GB)
    if not given:
        return MOST_BYTES
    try:
        size = float(given)
    except ValueError:
        size = 0.0
    # Also false for a NaN.
    if not 0 < size < _GB:
        raise ConfigError(
            f"{CACHE_GB} is {given!r}",
            expected="a number of gigabytes above 0, such as 0.5",
            fix=f"set it to one, or unset {CACHE_GB} for 2",
        )
    return round(size * _GB)


def kept(kind: Kind, folder: Path) -> Kept:
    """Return what `folder` has of `kind`."""
    paths = tuple(sorted(folder.glob(kind.pattern)))
    stats = [file.stat() for path in paths for file in _files(path)]
    used = max((max(stat.st_atime, stat.st_mtime) for stat in stats), default=0.0)
    return Kept(paths, sum(stat.st_size for stat in stats), used)


def remove(kind: Kind, folder: Path) -> int:
    """Remove what `folder` has of `kind` but for what is held; return how many bytes went.

    Raises:
        OSError: something cannot be removed.
    """
    before = kept(kind, folder)
    for path in before.files:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            _unlink(path)
    return max(0, before.size - kept(kind, folder).size)


# The files that this process holds, each by its open descriptor.
_HELD: dict[Path, int] = {}


def hold(path: Path) -> None:
    """Keep the file at `path` from being removed by `remove`, until this process ends."""
    import fcntl

    descriptor = os.open(path, os.O_RDONLY)
    # Some network file systems have no locks.
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    # It may be another file of the same name.
    before, _HELD[path] = _HELD.get(path), descriptor
    if before is not None:
        os.close(before)


def _unlink(path: Path) -> None:
    import fcntl

    from filelock import FileLock, Timeout

    # Whoever makes a file that has one holds it until the file itself is held.
    lock = Path(f"{path}.lock")
    try:
        with FileLock(lock, timeout=0) if lock.exists() else nullcontext(), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except (BlockingIOError, FileNotFoundError, Timeout):
        return


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
    else:
        yield from (file for file in path.rglob("*") if file.is_file())
