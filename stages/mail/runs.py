"""Equal keys among many, found without a table of all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Places = NDArray[np.int32]

# Keys that are sorted at a time: 2 MB of them, and the same again a few times over.
_PIECE = 262_144


def key_of(content: bytes) -> int:
    """Return a hash of 64 bits, the same in every process."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


@dataclass(frozen=True)
class Runs:
    """Groups of places whose keys are equal, one after the other.

    Attributes:
        places: (m,) int64, within a group in rising order.
        starts: (g,) int64, where in `places` each group begins; each has two places or more.
    """

    places: NDArray[np.int64]
    starts: NDArray[np.int64]


def runs(keys: Keys) -> Iterator[Runs]:
    """Yield the groups of equal keys, those of a slice of all possible keys at a time.

    Args:
        keys: (n,), evenly spread over the 64 bits, as hashes are.
    """
    bits = (len(keys) // _PIECE).bit_length()
    edges = [slot << (64 - bits) for slot in range(1 << bits)]
    for low in edges:
        high = low + (1 << (64 - bits)) - 1
        places = np.flatnonzero((keys >= np.uint64(low)) & (keys <= np.uint64(high)))
        if len(places) < 2:
            continue
        sliced = keys[places]
        order = np.argsort(sliced, kind="stable")
        sliced, places = sliced[order], places[order]
        equal = sliced[1:] == sliced[:-1]
        follows, leads = np.append(False, equal), np.append(equal, False)
        inside = follows | leads
        yield Runs(places[inside], np.flatnonzero(~follows[inside]))


def first_equal(keys: Keys) -> Places:
    """Return for each key the first place that has it, (n,) int32."""
    first = np.arange(len(keys), dtype=np.int32)
    for found in runs(keys):
        lengths = np.diff(found.starts, append=len(found.places))
        first[found.places] = np.repeat(found.places[found.starts], lengths)
    return first
