"""Processes that share out windows, each with the mail in its memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache

from benchmarks.drift.pools import Pools, load_pools
from stages import config
from stages.machine.variables import CACHE


@cache
def pools() -> Pools:
    """Return the mail of this process, with the shipped parameters."""
    return load_pools(config.validate(config.compose(()), "conf/"))


@contextmanager
def workers(install: Callable[[], None] | None = None) -> Iterator[ProcessPoolExecutor]:
    """Yield one process for each core.

    Args:
        install: is called in each of them while it still has the user's cache.
    """
    pools()
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(os.cpu_count(), None, _prepare, (folder, install)) as executor,
    ):
        yield executor


def _prepare(folder: str, install: Callable[[], None] | None) -> None:
    """Load what the cache has, then leave it alone: no reference comes twice."""
    pools()
    if install:
        install()
    os.environ[CACHE] = folder
