"""A seeded sample of messages that keeps the classes and does not depend on their order."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from stages.mail.spool import CODES


def sample(
    ids: Iterable[str], labels: NDArray[np.int8], limit: int, *, seed: int
) -> NDArray[np.bool_]:
    """Return which of n messages are among at most `limit`: each label in its share, at least once.

    A message is in or out by a hash of the seed and its id.

    Args:
        ids: n distinct ids; eight bytes of each are held.
        labels: (n,), codes of `CODES`.
        limit: how many to keep; with fewer than there are labels, the rarest labels come first.
        seed: of the hash.
    """
    draws = np.frombuffer(array("Q", (_draw(seed, name) for name in ids)), np.uint64)
    kept = np.zeros(len(labels), dtype=bool)
    counts = {code: int((labels == code).sum()) for code in range(len(CODES))}
    rare_first = sorted((count, CODES[code] or "", code) for code, count in counts.items() if count)
    left = limit
    for number, (count, _, code) in enumerate(rare_first, start=1):
        share = left if number == len(rare_first) else limit * count / len(labels)
        quota = min(left, count, max(1, round(share)))
        if quota:
            mine = labels == code
            lowest = draws[mine]
            lowest.partition(quota - 1)
            kept |= mine & (draws <= lowest[quota - 1])
        left -= quota
    return kept


def _draw(seed: int, message_id: str) -> int:
    """Return the first 64 bits of the hash; two messages of one draw are in or out together."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{message_id}".encode()).digest()[:8], "big")
