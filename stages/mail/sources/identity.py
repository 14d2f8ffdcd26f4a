"""The ids of a table's own rows: no two are the same."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

from stages.machine.errors import SourceError
from stages.mail.runs import key_of, runs
from stages.mail.sources.rows import Place


def check_distinct(read: Callable[[], Iterator[tuple[str, Place]]], conf: str) -> None:
    """Raise a SourceError that names two rows with one id, if there are any.

    Args:
        read: yields the id and the place of every row; called again if two ids look the same, for
            eight bytes of each are all that is held.
        conf: the file that a user edits, for errors.
    """
    import numpy as np

    hashes = np.frombuffer(array("Q", (key_of(name.encode()) for name, _ in read())), np.uint64)
    alike = {key for found in runs(hashes) for key in hashes[found.places].tolist()}
    first: dict[str, Place] = {}
    for name, place in read() if alike else ():
        if key_of(name.encode()) in alike and first.setdefault(name, place) != place:
            raise SourceError(
                f"{place}: the id {name[:60]!r}, which {first[name]} has too",
                expected="another id in each row",
                fix=f"repair the file, or set source.columns.id in {conf} to null "
                "and run `make params`",
            )
