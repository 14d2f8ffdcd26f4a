"""Files here or in S3, by path or glob."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from stages.machine.address import shown
from stages.machine.environment import in_experiment
from stages.machine.errors import SourceError
from stages.machine.redaction import cleaned
from stages.stores.s3 import client_errors, filesystem


@dataclass(frozen=True)
class File:
    """One file and the file system (of fsspec) that holds it."""

    system: Any
    path: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def url(self) -> str:
        """Its name for people: `s3://bucket/key`, or a path."""
        return f"s3://{self.path}" if "s3" in self.system.protocol else self.path


def find(patterns: list[str], conf: str) -> list[File]:
    """Return the files of `patterns`, sorted by path within each, each once.

    Args:
        patterns: paths, or globs where no file has that name, local or `s3://bucket/key`; S3
            credentials, region and `AWS_ENDPOINT_URL` come from the environment, as for any AWS
            client.
        conf: the file that a user edits, for errors.

    Raises:
        SourceError: a pattern matches nothing, or its store does not answer.
    """
    files: dict[str, File] = {}
    for pattern in patterns:
        system, path = resolve(pattern, conf)
        with _reported(pattern, conf):
            # "mail[1].csv" may be the name of a file. A glob without wildcards finds the path
            # itself, or nothing.
            found = (
                [system.info(path)["name"]]
                if any(mark in path for mark in "*?[") and system.isfile(path)
                else sorted(system.glob(path))
            )
        if not found:
            raise _nothing(pattern, conf)
        files.update({f"{system.protocol}:{name}": File(system, name) for name in found})
    return list(files.values())


def _nothing(pattern: str, conf: str) -> SourceError:
    if in_experiment() and "://" not in pattern and not Path(pattern).is_absolute():
        # DVC runs a queued experiment in a folder of its own, with what git and it track.
        return SourceError(
            f"no file matches {pattern} in the folder of this experiment, {Path.cwd()}",
            expected="at least one; a queued experiment has the files that git or DVC tracks",
            fix=f"give a whole path in source.paths of {conf}, or let DVC track the files, and run "
            "`make params`",
        )
    return SourceError(
        f"no file matches {pattern}",
        expected="at least one",
        fix=f"edit source.paths in {conf} and run `make params`",
    )


def resolve(pattern: str, conf: str) -> tuple[Any, str]:
    """Return the file system of `pattern` and the path within it.

    Raises:
        SourceError: it is neither local nor S3.
    """
    scheme, mark, path = pattern.partition("://")
    if not mark:
        from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

        return LocalFileSystem(), pattern
    if scheme != "s3":
        raise SourceError(
            f"source.paths has {shown(pattern)}",
            expected="a local path or s3://bucket/key",
            fix=f"edit source.paths in {conf} and run `make params`",
        )
    return filesystem(), path


@contextmanager
def reading(file: File, conf: str) -> Iterator[IO[bytes]]:
    """Open `file` for reading bytes; a store that fails in between is a SourceError."""
    with _reported(file.url, conf), file.system.open(file.path, "rb") as stream:
        yield stream


@contextmanager
def _reported(what: str, conf: str) -> Iterator[None]:
    """Turn the errors of disks and of S3 clients into one line."""
    try:
        yield
    except client_errors() as error:
        stored = what.startswith("s3://")
        check = "check AWS_ENDPOINT_URL and the credentials" if stored else "repair the file"
        raise SourceError(
            f"cannot read {what}: {cleaned(str(error))}",
            expected=f"a whole file that this user may read{' in a store that answers' * stored}",
            fix=f"{check}, or edit source.paths in {conf} and run `make params`",
        ) from error
