"""The ids of a table's own rows: no two are the same."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator

from stages.machine.errors import SourceError
from stages.mail.sources.rows import Place


def check_distinct(read: Callable[[], Iterator[tuple[str, Place]]], conf: str) -> None:
    """Raise a SourceError that names two rows with one id, if there are any.

    Args:
        read: yields the id and the place of every row; called again if two ids look the same, for
            eight bytes of each are all that is held.
        conf: the file that a user edits, for errors.
    """
    import numpy as np

    hashed = array("Q", (_hash(name) for name, _ in read()))
    hashes, counts = np.unique(np.array(hashed, np.uint64), return_counts=True)
    alike = set(hashes[counts > 1].tolist())
    first: dict[str, Place] = {}
    for name, place in read() if alike else ():
        if _hash(name) in alike and first.setdefault(name, place) != place:
            raise SourceError(
                f"{place}: the id {name[:60]!r}, which {first[name]} has too",
                expected="another id in each row",
                fix=f"repair the file, or set source.columns.id in {conf} to null "
                "and run `make params`",
            )


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
