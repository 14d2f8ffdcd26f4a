"""Where a cluster's parts wait: a folder that all nodes see, or S3. A part is whole or absent."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from stages.machine.errors import StoreError
from stages.stores.s3 import client_errors, filesystem
from stages.stores.s3_check import SCHEME, Store, is_in_s3, reported

if TYPE_CHECKING:
    from s3fs import S3FileSystem

    from stages import config
    from stages.records.layout import Layout

T = TypeVar("T")
_TEMPORARY = ".tmp"
# No writer takes that long over one part.
_ABANDONED_SECONDS = 86_400


class Parts(Protocol):
    """Named pieces of bytes, which all nodes read and write."""

    def names(self) -> set[str]:
        """Return the names of all parts that are there."""
        ...

    def has(self, name: str) -> bool:
        """Return whether a part is there."""
        ...

    def read(self, name: str) -> bytes | None:
        """Return the content of a part; None if it is not there."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Keep a part, whole or not at all; one that is there already is replaced."""
        ...

    def remove(self, name: str) -> None:
        """Remove a part, if it is there."""
        ...


def open_parts(compute: config.Compute, stage: str, layout: Layout) -> Parts:
    """Return the place of a stage's parts, as `compute` says.

    Raises:
        StoreError: an address in S3 is malformed.
    """
    if compute.parts is None:
        return Folder(layout.parts.absolute() / stage)
    if not compute.parts.startswith(SCHEME):
        return Folder(Path(compute.parts).absolute() / stage)
    if not is_in_s3(compute.parts):
        raise StoreError(
            "compute.parts is not an address in S3",
            expected="s3://bucket/prefix, or a folder",
            fix="edit parts in conf/compute/ and run `make params`",
        )
    return Bucket(f"{compute.parts.rstrip('/')}/{stage}")


@dataclass(frozen=True)
class Folder:
    """A folder that all nodes see under the same path; see `Parts`."""

    path: Path

    def names(self) -> set[str]:
        """See `Parts`; the folder is made, and what writers left that were killed is swept."""
        self.path.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in self.path.iterdir()}
        written = {name for name in names if not name.endswith(_TEMPORARY)}
        for name in names - written:
            with suppress(FileNotFoundError):
                if time.time() - (self.path / name).stat().st_mtime > _ABANDONED_SECONDS:
                    self.remove(name)
        return written

    def has(self, name: str) -> bool:
        """See `Parts`."""
        return (self.path / name).exists()

    def read(self, name: str) -> bytes | None:
        """See `Parts`."""
        with suppress(FileNotFoundError):
            return (self.path / name).read_bytes()
        return None

    def write(self, name: str, content: bytes) -> None:
        """See `Parts`."""
        # Two nodes may make the same part, where one was given up too early: the names differ.
        temporary = self.path / f"{name}.{uuid.uuid4().hex[:12]}{_TEMPORARY}"
        try:
            temporary.write_bytes(content)
            temporary.replace(self.path / name)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def remove(self, name: str) -> None:
        """See `Parts`."""
        (self.path / name).unlink(missing_ok=True)


@dataclass(frozen=True)
class Bucket:
    """A prefix in S3, `s3://bucket/prefix`; see `Parts`. S3 itself puts an object whole."""

    url: str

    @property
    def _store(self) -> Store:
        return Store(
            self.url,
            setting="compute.parts",
            trouble="the parts of this stage cannot be kept",
            then="the same command again",
        )

    def _key(self, name: str) -> str:
        return f"{self.url.removeprefix(SCHEME)}/{name}"

    def _asked(self, operation: Callable[[], T]) -> T:
        """Return what `operation` returns, at its second try if need be.

        Only then is the store asked what is wrong with it, which takes longer than the operation.
        """
        try:
            return operation()
        except client_errors():
            with reported(self._store):
                return operation()

    def names(self) -> set[str]:
        """See `Parts`."""
        found = self._asked(lambda: _s3().find(self.url.removeprefix(SCHEME)))
        # Some servers keep an emptied prefix as an object of its own.
        start = self._key("")
        return {str(path).removeprefix(start) for path in found if str(path).startswith(start)}

    def has(self, name: str) -> bool:
        """See `Parts`."""
        return self._asked(lambda: bool(_s3().exists(self._key(name))))

    def read(self, name: str) -> bytes | None:
        """See `Parts`."""

        def content() -> bytes | None:
            with suppress(FileNotFoundError):
                return bytes(_s3().cat_file(self._key(name)))
            return None

        return self._asked(content)

    def write(self, name: str, content: bytes) -> None:
        """See `Parts`."""
        self._asked(lambda: _s3().pipe_file(self._key(name), content))

    def remove(self, name: str) -> None:
        """See `Parts`."""
        bucket, _, key = self._key(name).partition("/")
        self._asked(lambda: _s3().call_s3("delete_object", Bucket=bucket, Key=key))


@cache
def _s3() -> S3FileSystem:
    return filesystem()
