"""Files here or in S3, by path or glob."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from stages.machine.address import shown
from stages.machine.environment import in_experiment
from stages.machine.errors import SourceError
from stages.machine.faults import name_of
from stages.machine.redaction import cleaned
from stages.stores.s3 import client_errors, filesystem

# As S3's own client takes it.
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")


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
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return "s3" not in self.system.protocol

    @property
    def url(self) -> str:
        """Its name for people: `s3://bucket/key`, or a path."""
        return self.path if self.is_local else f"s3://{self.path}"


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
        for file in (File(system, name) for name in found):
            _check_kind(file, conf)
            files[f"{system.protocol}:{file.path}"] = file
    return list(files.values())


def _check_kind(file: File, conf: str) -> None:
    """Raise a SourceError unless a local file is one that ends, and whose name is a text."""
    if not file.name.isascii() and name_of(file.path) != file.path:
        raise SourceError(
            f"the name of {name_of(file.path)} is not UTF-8",
            expected="names in UTF-8: they become part of the messages",
            fix="rename the file",
        )
    if file.is_local and not Path(file.path).is_file():
        raise SourceError(
            f"{file.path} is not a file",
            expected="regular files: pipes and devices can be read but once, or never end",
            fix=f"save its content in a file, or edit source.paths in {conf} and run `make params`",
        )


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
        SourceError: it is neither local nor S3, or in S3 without bucket or key.
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
    bucket, _, key = path.partition("/")
    if not key or not (_BUCKET.fullmatch(bucket) or bucket.startswith("arn:")):
        # The text is not shown: it may hold a password.
        raise SourceError(
            "source.paths has an address in S3 without a bucket's name or without a key",
            expected="s3://bucket/key, where the key may have wildcards",
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
