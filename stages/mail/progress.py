"""How far fetch has come, for the person who waits."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import islice, repeat
from typing import TypeVar

import pyarrow as pa

from stages.machine.console import track

T = TypeVar("T")
# Between two lines of a log: fetch takes seconds for some thousand messages.
_SECONDS = 10.0


def shown(items: Iterable[T], *, doing: str, total: int | None) -> Generator[T, None, None]:
    """Yield `items`, and show how many there were; see `track`."""
    return track(items, doing=f"fetch: {doing}", total=total, every=_SECONDS)


def shown_rows(
    batches: Iterable[pa.RecordBatch], *, doing: str, total: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield `batches`, and show how many rows they had."""
    counted = repeat(None) if total is None else repeat(None, total)
    with closing(shown(counted, doing=doing, total=total)) as bar:
        for batch in batches:
            yield batch
            for _ in islice(bar, batch.num_rows):
                pass
