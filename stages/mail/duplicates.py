"""Near-duplicate messages: clusters of texts that share most of their word shingles.

MinHash signatures (Broder 1997) estimate the Jaccard similarity of two texts' shingle sets; a
locality-sensitive index finds candidate pairs, each is verified, and clusters are the connected
components. So the clusters do not depend on the order of the messages.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from stages import config

if TYPE_CHECKING:
    from datasketch import MinHash
    from scipy.cluster.hierarchy import DisjointSet

# A miss (a copy on both sides of a split) costs more than a candidate that verification refuses:
# false positives and false negatives are weighed 1 : 9 when the index is laid out.
_WEIGHTS = (0.1, 0.9)
# Of a text; differences after that do not matter: the embedding sees the first 2,560 characters.
MAX_WORDS = 5_000

_WORD = re.compile(r"\w+")


def groups(
    messages: Iterable[tuple[str, str, str]], options: config.Duplicates, *, seed: int
) -> list[str]:
    """Return each message's group: the id of the first message of its cluster.

    Texts are compared by their words without case; a text without words by its subject; a message
    without either is alone. Texts shorter than a shingle are copies only if they are equal.

    Args:
        messages: (id, subject, text) of each, in the order that "first" means.
        options: the similarity (Jaccard, 0-1) from which two texts are copies, words a shingle,
            and permutations: the estimate's standard error is at most 0.5 / sqrt(permutations).
        seed: of the permutations.

    Returns:
        As many ids as messages.
    """
    from scipy.cluster.hierarchy import DisjointSet

    ids: list[str] = []
    first_of: dict[bytes, int] = {}
    clusters = DisjointSet()
    distinct: list[int] = []
    shingled: list[np.ndarray] = []
    for position, (message_id, subject, text) in enumerate(messages):
        ids.append(message_id)
        clusters.add(position)
        hashes = _word_hashes(text) if _WORD.search(text) else _word_hashes(subject)
        if not len(hashes):
            continue
        original = first_of.setdefault(hashes.tobytes(), position)
        clusters.merge(original, position)
        if original == position:
            distinct.append(position)
            shingled.append(_shingles(hashes, options.shingle_words))
    _join_alike(shingled, distinct, clusters, options, seed)
    first_in: dict[int, int] = {}
    return [ids[first_in.setdefault(clusters[place], place)] for place in range(len(ids))]


def _word_hashes(text: str) -> np.ndarray:
    """Return `(n_words,) uint32`: a hash of each word, the same in every process."""
    words = (word.group().casefold() for word in _WORD.finditer(text))
    hashes = (zlib.crc32(word.encode()) for _, word in zip(range(MAX_WORDS), words, strict=False))
    return np.fromiter(hashes, dtype=np.uint32)


def _shingles(hashes: np.ndarray, width: int) -> np.ndarray:
    """Return `(n_shingles,) uint32`: the distinct hashes of `width` words in a row, sorted."""
    windows = np.lib.stride_tricks.sliding_window_view(hashes, min(width, len(hashes)))
    mixed = np.zeros(len(windows), dtype=np.uint64)
    for column in windows.T:
        # FNV-1a over words in place of bytes, modulo 2**64.
        mixed = (mixed ^ column) * np.uint64(0x100000001B3)
    return np.unique((mixed ^ (mixed >> np.uint64(32))).astype(np.uint32))


def _join_alike(
    shingled: list[np.ndarray],
    positions: list[int],
    clusters: DisjointSet,
    options: config.Duplicates,
    seed: int,
) -> None:
    """Join the positions whose shingles' estimated similarity reaches `options.similarity`."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(options.similarity, options.permutations, weights=_WEIGHTS)
    sketches: dict[int, MinHash] = {}
    # Shingles are hashed already, and datasketch mixes what it is given: `int` passes them on.
    made = MinHash.generator(shingled, num_perm=options.permutations, seed=seed, hashfunc=int)
    for position, sketch in zip(positions, made, strict=True):
        for other in index.query(sketch):
            # A campaign of thousands of variants is one cluster after the first comparison.
            joined = clusters.connected(other, position)
            if not joined and sketch.jaccard(sketches[other]) >= options.similarity:
                clusters.merge(other, position)
        index.insert(position, sketch)
        sketches[position] = sketch
