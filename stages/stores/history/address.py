"""The history's address: where it is configured, what it may be, and how it is shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.address import is_folder, shown
from stages.machine.errors import StoreError
from stages.machine.variables import HISTORY_URL
from stages.records.layout import HERE, Layout
from stages.stores.history.table import TABLE

if TYPE_CHECKING:
    from sqlalchemy import URL

_BACKENDS = ("sqlite", "postgresql")


def history_url(
    configured: str | None,
    environment: Mapping[str, str] = os.environ,
    layout: Layout = HERE,
) -> str:
    """Return the history's address: the environment's, the configured one, or a file here."""
    return environment.get(HISTORY_URL) or configured or f"sqlite:///{layout.history.resolve()}"


def parse_address(url: str, failed: str) -> URL:
    """Return the address `url`; `failed` begins the line where it is not one.

    Raises:
        StoreError: it is not a URL, or of a database that we do not know.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        raise no_store(f"{failed}: the address is not a database URL") from None
    except ValueError:
        # In the place of the port is a part of the password, maybe.
        raise no_store(
            f"{failed}: {shown(url)} is not a database URL: percent-encode its password"
        ) from None
    backend = parsed.get_backend_name()
    path = (parsed.database or "").removeprefix("file:").replace(":memory:", "")
    if backend == "sqlite" and not is_folder(path):
        raise no_store(f"{failed}: {shown(url)} is not the path of a file")
    if backend not in _BACKENDS:
        raise no_store(f"{failed}: {shown(url)} is neither SQLite nor PostgreSQL")
    return parsed


def is_absent_file(url: URL) -> bool:
    """Return whether `url` is a SQLite file that is not there; opening it would make it."""
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


def no_store(found: str) -> StoreError:
    """Return the error that the history cannot be used because of what was `found`."""
    return StoreError(
        found,
        expected=f"a database that answers, with our table {TABLE} or none of that name",
        fix=f"start it, or correct stores.history or {HISTORY_URL}, then run the same again",
    )
