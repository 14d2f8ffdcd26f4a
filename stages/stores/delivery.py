"""Predictions on their way to S3: an object a day, whole or not there, replaced and never doubled.

An object's name says model, window and day. Its metadata holds the SHA-256 of its bytes, which S3
stores in the same operation: so what is there already is known without reading it. (An ETag is a
digest of the bytes only where the server neither encrypts nor took them in parts.)
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from stages.machine.address import shown
from stages.machine.environment import in_experiment
from stages.machine.errors import StoreError
from stages.machine.files import sha256
from stages.machine.variables import PREDICTIONS_URL
from stages.records.predictions import Drop, day_folder
from stages.stores.s3 import filesystem
from stages.stores.s3_check import Store, is_in_s3, reported

if TYPE_CHECKING:
    from s3fs import S3FileSystem

_DIGEST = "sha256"


@dataclass(frozen=True)
class Delivery:
    """How many objects, one a day, were written, were there already, and were removed."""

    url: str
    written: int
    unchanged: int
    removed: int

    def __str__(self) -> str:
        """Return the sentence for people."""
        return (
            f"{shown(self.url)}: {self.written} days written, {self.unchanged} there already, "
            f"{self.removed} removed"
        )


def predictions_url(
    configured: str | None, environment: Mapping[str, str] = os.environ
) -> str | None:
    """Return where predictions go beside this machine's disk, if anywhere: `s3://bucket/prefix`.

    The environment's word wins over the configured one; in an experiment they go nowhere.

    Raises:
        StoreError: the environment names something else.
    """
    url = environment.get(PREDICTIONS_URL) or configured
    if not url or in_experiment(environment):
        return None
    if not is_in_s3(url):
        # The text is not shown: it may hold a password.
        raise StoreError(
            f"{PREDICTIONS_URL} is not an address in S3",
            expected="s3://bucket/prefix",
            fix=f"correct or unset {PREDICTIONS_URL}",
        )
    return url.rstrip("/")


def deliver(folder: Path, drop: Drop, url: str, *, then: str) -> Delivery:
    """Let the objects of `drop` below `url` be the files of `drop` in `folder`.

    What has the same bytes is left alone. A day of the window that has no predictions any more
    loses its object after the others are there; no other day, window or model is looked at.

    Args:
        folder: what `write_predictions` wrote.
        drop: the model and the window.
        url: `s3://bucket/prefix`.
        then: the command that delivers again, for people who must fix the store first.

    Raises:
        StoreError: the store cannot be reached or refuses; what is in `folder` stays.
    """
    here = {path.parent.relative_to(folder): path for path in folder.rglob(drop.file_name)}
    store = Store(
        url,
        setting=f"{PREDICTIONS_URL} (or stores.predictions)",
        trouble=f"the predictions are in {folder} but did not arrive in S3",
        then=then,
    )
    with reported(store):
        s3 = filesystem()
        written = [_put(s3, path, _key(url, day, drop)) for day, path in sorted(here.items())]
        gone = [day for day in _days(drop) if day not in here]
        removed = [_remove(s3, _key(url, day, drop)) for day in gone]
    return Delivery(url, sum(written), len(written) - sum(written), sum(removed))


def _days(drop: Drop) -> Iterator[Path]:
    """Yield the folder of each day of the window."""
    window = drop.window
    for number in range((window.batch_to - window.batch_from).days):
        yield Path(day_folder(window.batch_from + dt.timedelta(days=number)))


def _key(url: str, day: Path, drop: Drop) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc, f"{parts.path}/{day.as_posix()}/{drop.file_name}".lstrip("/")


def _put(s3: S3FileSystem, path: Path, key: tuple[str, str]) -> bool:
    """Store the file unless the very bytes are there; return whether it was stored."""
    digest = sha256(path)
    there = _head(s3, key)
    if there and there["ContentLength"] == path.stat().st_size:
        # Servers give the names of metadata back in any case.
        said = {name.lower(): value for name, value in there.get("Metadata", {}).items()}
        if said.get(_DIGEST) == digest:
            return False
    s3.put_file(
        str(path),
        "/".join(key),
        Metadata={_DIGEST: digest},
        ContentType="application/vnd.apache.parquet",
    )
    return True


def _remove(s3: S3FileSystem, key: tuple[str, str]) -> bool:
    """Remove the object if it is there; return whether it was."""
    if _head(s3, key) is None:
        return False
    s3.call_s3("delete_object", Bucket=key[0], Key=key[1])
    return True


def _head(s3: S3FileSystem, key: tuple[str, str]) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = s3.call_s3("head_object", Bucket=key[0], Key=key[1])
    except FileNotFoundError:
        return None
    return answer
