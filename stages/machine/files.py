"""Files that are whole or absent, and that have the same bytes whenever they say the same thing."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.machine.errors import BusyError

if TYPE_CHECKING:
    import pyarrow as pa

DECIMALS = 4


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path`, else it goes.

    The temporary path may be made a file or a folder; what a killed predecessor left is swept.
    Readers see the old content or the new one, never a part of it (a folder is absent for the
    instant between two renames).
    """
    temporary, aside = _temporary(path), _temporary(path)
    try:
        yield temporary
        if path.is_dir():
            # No folder takes the place of another that is not empty.
            path.rename(aside)
        temporary.replace(path)
    finally:
        _remove(temporary)
        _remove(aside)


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`, for files that are made before they are moved there.

    It goes in the end, and what a killed predecessor left is swept.
    """
    temporary = _temporary(path)
    temporary.mkdir()
    try:
        yield temporary
    finally:
        _remove(temporary)


def _temporary(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(f".{path.name}.*.tmp"):
        if not _alive(int(leftover.name.split(".")[-3])):
            _remove(leftover)
    return path.with_name(f".{path.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.tmp")


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def rounded(value: Any) -> Any:
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


def json_text(value: Any) -> str:
    """Return canonical JSON: sorted keys, two spaces, a final newline, no NaN."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write `value` (see `rounded`) to `path` as canonical JSON, whole or not at all."""
    write_text(path, json_text(rounded(value)))


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in UTF-8, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    """Return what the JSON file at `path` says."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_parquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write `batches` of `schema` to the Parquet file `path`; return the number of rows.

    The bytes depend on the rows, their order and the batch borders alone: no dictionaries, no
    times. Nothing larger than a batch is held.
    """
    import pyarrow.parquet as pq

    rows = 0
    with replacing(path) as temporary:
        writer = pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=False)
        with writer:
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
    return rows


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file at `path`, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_digest(folder: Path) -> str:
    """Return one SHA-256 for all files below `folder`: of their sorted names and digests."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    listing = "".join(f"{sha256(folder / name)}  {name}\n" for name in names)
    return hashlib.sha256(listing.encode()).hexdigest()


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
