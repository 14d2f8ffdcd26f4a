"""The verdict files that are kept: one for each model and window, in a folder or in S3.

`data/monitor/drift.json` is the last verdict only. These are all of them, and the history in the
database can be rebuilt from them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stages.machine.console import track
from stages.machine.errors import DataError, StoreError
from stages.machine.files import json_text, write_text
from stages.stores.history.table import row
from stages.stores.s3 import filesystem
from stages.stores.s3_check import Store, reported

KEPT = Path("data/monitor/verdicts")
VARIABLE = "SPAMLINE_VERDICTS_URL"
_SCHEME = "s3://"
# Objects that are asked for at once.
_AT_ONCE = 100


def verdicts_url(configured: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return where verdict files are kept: as the environment says, else as configured, else here.

    That is a folder, or `s3://bucket/prefix`.
    """
    return environment.get(VARIABLE) or configured or str(KEPT)


def file_name(verdict: Mapping[str, Any]) -> str:
    """Return the name of a verdict's file: a later verdict on the same model and window has it too.

    Raises:
        DataError: it is no verdict.
    """
    key = row(verdict)
    return f"{key['model'][:16]}_{key['window_from']}_{key['window_to']}.json"


def keep(url: str, verdict: Mapping[str, Any]) -> None:
    """Keep `verdict` at `url`, whole or not at all; keeping it twice changes nothing.

    Raises:
        DataError: it is no verdict.
        StoreError: the folder or the store cannot be written to.
    """
    name, text = file_name(verdict), json_text(verdict)
    if url.startswith(_SCHEME):
        with reported(_store(url, "the verdict is written but not kept")):
            # An S3 object appears whole or not at all.
            filesystem().pipe_file(f"{_prefix(url)}/{name}", text.encode())
        return
    try:
        write_text(_folder(url) / name, text)
    except OSError as error:
        raise StoreError(
            f"the verdict is written but not kept: {url}: {error.strerror or error}",
            expected="a folder that may be written to, with room",
            fix=f"correct stores.verdicts or {VARIABLE}, then run the same again",
        ) from error


def kept(url: str) -> list[dict[str, Any]]:
    """Return all verdicts that are kept at `url`, sorted by name.

    Raises:
        DataError: a file there is no verdict.
        StoreError: the store cannot be read.
    """
    if not url.startswith(_SCHEME):
        paths = sorted(_folder(url).glob("*.json"))
        files = ((path.name, path.read_bytes()) for path in paths)
        found = track(files, doing="reading verdicts", total=len(paths))
        return [_verdict(f"{url.rstrip('/')}/{name}", content) for name, content in found]
    return [_verdict(f"{_SCHEME}{name}", content) for name, content in _objects(url)]


def _objects(url: str) -> Iterator[tuple[str, bytes]]:
    with reported(_store(url, "the kept verdicts cannot be read")):
        store = filesystem()
        names = sorted(name for name in store.find(_prefix(url)) if name.endswith(".json"))
        # Asked for in hundreds, at once: one by one, a few years of days take minutes.
        chunks = [names[i : i + _AT_ONCE] for i in range(0, len(names), _AT_ONCE)]
        for chunk in track(chunks, doing="reading verdicts", total=len(chunks)):
            contents = store.cat(chunk)
            yield from ((name, contents[name]) for name in chunk)


def _verdict(name: str, content: bytes) -> dict[str, Any]:
    try:
        verdict: dict[str, Any] = json.loads(content)
        row(verdict)
    except (ValueError, DataError) as error:
        raise DataError(
            f"{name} is no verdict ({type(error).__name__})",
            expected="a file that the monitor stage wrote",
            fix="remove it, then run the same again",
        ) from error
    return verdict


def _store(url: str, trouble: str) -> Store:
    return Store(url, setting=VARIABLE, trouble=trouble, then="make run")


def _prefix(url: str) -> str:
    return url.removeprefix(_SCHEME).rstrip("/")


def _folder(url: str) -> Path:
    if "://" in url:
        raise StoreError(
            f"verdicts cannot be kept at {url}",
            expected="a folder, or s3://bucket/prefix",
            fix=f"correct stores.verdicts or {VARIABLE}",
        )
    return Path(url)
