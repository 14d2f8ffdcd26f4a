"""MinHash signatures on disk, and the pairs among them that are alike.

An index for locality-sensitive hashing cuts each signature into bands; signatures that agree in a
whole band are candidates. It is kept here as one file of the bands' keys, read a band at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from stages import config
from stages.mail.clusters import Clusters
from stages.mail.runs import Keys, Places, runs

# A miss (a copy on both sides of a split) costs more than a candidate that verification refuses:
# false positives and false negatives are weighed 1 : 9 when the index is laid out.
_WEIGHTS = (0.1, 0.9)
# Signatures that are written at a time.
_ROWS = 2_048
# Of a bucket's signatures: up to this many bytes they are held while its pairs are compared.
_HELD_BYTES = 16_777_216
# Pairs that are compared at a time, and signatures that are compared with all others at once.
_PAIRS, _MOST_PIVOTS = 8_192, 256


class Sketches:
    """Signatures in the order that they are written in; a context that closes their files.

    Args:
        folder: of the two files.
        options: the similarity and the permutations.
        seed: of the permutations.

    Attributes:
        similarity: the estimated Jaccard similarity from which two are alike.
        bands: how many bands a signature has.
    """

    def __init__(self, folder: Path, options: config.Duplicates, *, seed: int) -> None:
        from datasketch import MinHashLSH

        self.similarity = options.similarity
        self._permutations, self._seed = options.permutations, seed
        layout = MinHashLSH(options.similarity, options.permutations, weights=_WEIGHTS)
        self.bands, self._width = layout.b, layout.r
        self._rows = 0
        self._signatures: BinaryIO = (folder / "signatures").open("w+b")
        self._keys: BinaryIO = (folder / "bands").open("w+b")

    def __enter__(self) -> Sketches:
        return self

    def __exit__(self, *_: object) -> None:
        self._signatures.close()
        self._keys.close()

    def write(self, shingled: Iterable[np.ndarray]) -> None:
        """Append the signature of each set of shingles, (n_shingles,) uint32."""
        from datasketch import MinHash

        # Shingles are hashed already, and datasketch mixes what it is given: `int` passes them on.
        made = MinHash.generator(
            shingled, num_perm=self._permutations, seed=self._seed, hashfunc=int
        )
        values = (sketch.hashvalues for sketch in made)
        while block := list(islice(values, _ROWS)):
            signatures = np.stack(block).astype(np.uint32)
            self._signatures.write(signatures.tobytes())
            # The last block has room for keys that it lacks, so that all have one size.
            keys = np.zeros((self.bands, _ROWS), np.uint64)
            for band, row in enumerate(keys):
                row[: len(block)] = _band_keys(signatures[:, self._columns(band)])
            self._keys.write(keys.tobytes())
            self._rows += len(block)
        self._signatures.flush()
        self._keys.flush()

    def _columns(self, band: int) -> slice:
        return slice(band * self._width, (band + 1) * self._width)

    def keys(self, band: int) -> Keys:
        """Return what each signature has in `band`, hashed: (n,) uint64."""
        found = np.empty(self._rows, np.uint64)
        size = _ROWS * found.itemsize
        for number, start in enumerate(range(0, self._rows, _ROWS)):
            block = os.pread(self._keys.fileno(), size, (number * self.bands + band) * size)
            part = found[start : start + _ROWS]
            part[:] = np.frombuffer(block, np.uint64)[: len(part)]
        return found

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Return the signatures `rows` as (k, permutations) uint32."""
        size = 4 * self._permutations
        # Read, not mapped: pages of a mapped file count as this process's memory.
        parts = (os.pread(self._signatures.fileno(), size, row * size) for row in rows.tolist())
        return np.frombuffer(b"".join(parts), np.uint32).reshape(-1, self._permutations)


def _band_keys(columns: np.ndarray) -> np.ndarray:
    """Return one hash of each row, (n,) uint64; all its bits depend on all values."""
    mixed = np.zeros(len(columns), np.uint64)
    for column in columns.T:
        mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def join_alike(sketches: Sketches, places: Places, clusters: Clusters) -> None:
    """Join the places whose signatures share a band and are alike.

    Args:
        sketches: n signatures.
        places: (n,), what each signature is of; those that are not the first of their set are
            passed over, for what they are copies of has a signature too.
        clusters: sets of places.
    """
    leads = clusters.roots(places) == places
    for band in range(sketches.bands):
        for found in runs(sketches.keys(band)):
            for bucket in _apart(found.places, found.starts, places, clusters):
                _join_bucket(bucket[leads[bucket]], sketches, places, clusters)


def _apart(
    rows: np.ndarray, starts: np.ndarray, places: Places, clusters: Clusters
) -> Iterator[np.ndarray]:
    """Yield the buckets whose members are not all in one set already."""
    if not len(starts):
        return
    roots = clusters.roots(places[rows])
    spread = np.maximum.reduceat(roots, starts) != np.minimum.reduceat(roots, starts)
    ends = np.append(starts[1:], len(rows))
    for start, end in zip(starts[spread].tolist(), ends[spread].tolist(), strict=True):
        yield rows[start:end]


def _join_bucket(rows: np.ndarray, sketches: Sketches, places: Places, clusters: Clusters) -> None:
    """Join those of `rows` that are alike, as if each pair had been compared.

    What is known to be in one set is not compared again. So a campaign of variants costs a few
    passes over it, and only texts that stay apart are compared pair by pair.
    """
    sets, signatures = clusters.roots(places[rows]), _Signatures(sketches, rows)
    left = np.arange(len(rows))
    while len(left):
        inside = sets[left] == sets[left[0]]
        pivots, left = left[inside], left[~inside]
        take = 1
        while len(pivots) and len(left):
            found = signatures.alike(pivots[:take], left)
            reached = np.isin(sets[left], sets[left[found]])
            if reached.any():
                clusters.join(places[rows[np.append(left[reached], pivots[0])]])
            pivots = np.append(pivots[take:], left[reached])
            left = left[~reached]
            take = min(2 * take, _MOST_PIVOTS)


class _Signatures:
    """The signatures of one bucket: held if they are few, else read as they are asked for."""

    def __init__(self, sketches: Sketches, rows: np.ndarray) -> None:
        self._sketches, self._rows = sketches, rows
        size = 4 * sketches.read(rows[:1]).size
        self._held = sketches.read(rows) if len(rows) * size <= _HELD_BYTES else None

    def alike(self, some: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return which of `others` are alike to any of `some`, (k,) bool."""
        left = self._at(some)[:, None]
        step = max(1, _PAIRS // len(some))
        parts = [
            self._enough(left == self._at(others[start : start + step])[None])
            for start in range(0, len(others), step)
        ]
        return np.concatenate(parts)

    def _at(self, members: np.ndarray) -> np.ndarray:
        if self._held is None:
            return self._sketches.read(self._rows[members])
        return np.asarray(self._held[members])

    def _enough(self, equal: np.ndarray) -> np.ndarray:
        """Return which of (k, m, permutations) comparisons reach the similarity for any of k."""
        estimated = equal.sum(axis=-1, dtype=np.uint16) / equal.shape[-1]
        return np.asarray((estimated >= self._sketches.similarity).any(axis=0))
