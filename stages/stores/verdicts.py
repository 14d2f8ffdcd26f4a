"""The verdict files that are kept: one for each model and window, in a folder or in S3.

`data/monitor/drift.json` is the last verdict only. These are all of them, and the history in the
database can be rebuilt from them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from stages.machine.address import is_folder, shown
from stages.machine.console import track
from stages.machine.errors import DataError, StoreError
from stages.machine.files import read_bytes, write_text
from stages.machine.variables import VERDICTS_URL
from stages.records.layout import HERE, Layout
from stages.records.verdict import Verdict, parse_verdict
from stages.stores.s3 import filesystem
from stages.stores.s3_check import SCHEME, Store, is_in_s3, reported

# Objects that are asked for at once.
_AT_ONCE = 100


def verdicts_url(
    configured: str | None,
    environment: Mapping[str, str] = os.environ,
    layout: Layout = HERE,
) -> str:
    """Return where verdict files are kept: as the environment says, else as configured, else here.

    That is a folder, or `s3://bucket/prefix`.
    """
    return environment.get(VERDICTS_URL) or configured or str(layout.verdicts)


def file_name(verdict: Verdict) -> str:
    """Return the name of a verdict's file, which later verdicts on its model and window share."""
    return f"{verdict.model[:16]}_{verdict.window.start}_{verdict.window.end}.json"


def keep(url: str, verdict: Verdict) -> None:
    """Keep `verdict` at `url`, whole or not at all; keeping it twice changes nothing.

    Raises:
        StoreError: the folder or the store cannot be written to.
    """
    name, text = file_name(verdict), verdict.text
    if url.startswith(SCHEME):
        with reported(_store(url, "the verdict is written but not kept")):
            # An S3 object appears whole or not at all.
            filesystem().pipe_file(f"{_prefix(url)}/{name}", text.encode())
        return
    try:
        write_text(_folder(url) / name, text)
    except OSError as error:
        raise StoreError(
            f"the verdict is written but not kept: {shown(url)}: {error.strerror or error}",
            expected="a folder that may be written to, with room",
            fix=f"correct stores.verdicts or {VERDICTS_URL}, then run the same again",
        ) from error


def kept(url: str) -> list[Verdict]:
    """Return all verdicts that are kept at `url`, sorted by name.

    Raises:
        DataError: a file there is not a verdict.
        StoreError: the store cannot be read.
    """
    if not url.startswith(SCHEME):
        paths = sorted(_folder(url).glob("*.json"))
        files = ((path.name, read_bytes(path)) for path in paths)
        found = track(files, doing="reading verdicts", total=len(paths))
        return [_verdict(f"{url.rstrip('/')}/{name}", content) for name, content in found]
    return [_verdict(f"{SCHEME}{name}", content) for name, content in _objects(url)]


def _objects(url: str) -> Iterator[tuple[str, bytes]]:
    with reported(_store(url, "the kept verdicts cannot be read")):
        store = filesystem()
        names = sorted(name for name in store.find(_prefix(url)) if name.endswith(".json"))
        # Asked for in hundreds, at once: one by one, a few years of days take minutes.
        chunks = [names[i : i + _AT_ONCE] for i in range(0, len(names), _AT_ONCE)]
        for chunk in track(chunks, doing="reading verdicts", total=len(chunks)):
            contents = store.cat(chunk)
            yield from ((name, contents[name]) for name in chunk)


def _verdict(name: str, content: bytes) -> Verdict:
    try:
        return parse_verdict(content)
    except ValueError as error:
        raise DataError(
            f"{name} is not a verdict: {error}",
            expected="a file that the monitor stage wrote",
            fix="remove it, then run the same again",
        ) from error


def _store(url: str, trouble: str) -> Store:
    if not is_in_s3(url):
        raise _nowhere(url)
    return Store(url, setting=VERDICTS_URL, trouble=trouble, then="make run")


def _prefix(url: str) -> str:
    return url.removeprefix(SCHEME).rstrip("/")


def _folder(url: str) -> Path:
    # An address whose slashes were forgotten would become a folder's name, password and all.
    if not is_folder(url):
        raise _nowhere(url)
    return Path(url)


def _nowhere(url: str) -> StoreError:
    return StoreError(
        f"verdicts cannot be kept at {shown(url)}",
        expected="a folder, or s3://bucket/prefix",
        fix=f"correct stores.verdicts or {VERDICTS_URL}",
    )
