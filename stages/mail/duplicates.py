"""Near-duplicate messages: clusters of texts that share most of their word shingles.

MinHash signatures (Broder 1997) estimate the Jaccard similarity of two texts' shingle sets; a
locality-sensitive index finds candidate pairs, each is verified, and clusters are the connected
components. So the clusters do not depend on the order of the messages.
"""

from __future__ import annotations

import re
import tempfile
import zlib
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from stages import config
from stages.mail.clusters import Clusters
from stages.mail.runs import Places, first_equal, key_of
from stages.mail.sketches import Sketches, join_alike

# Of a text; differences after that do not matter: the embedding sees the first 2,560 characters.
MAX_WORDS = 5_000
# Texts that are remembered so that a copy right behind is not sketched again.
_RECENT = 16_384

_WORD = re.compile(r"\w+")
# The key of a text without words.
_WORDLESS = 0


def groups(
    messages: Iterable[tuple[str, str, str]], options: config.Duplicates, *, seed: int
) -> list[str]:
    """Return each message's group: the id of the first message of its cluster.

    Args:
        messages: (id, subject, text) of each, in the order that "first" means.
        options: see `firsts_of_copies`.
        seed: of the permutations.

    Returns:
        As many ids as messages.
    """
    ids: list[str] = []

    def texts() -> Iterator[tuple[str, str]]:
        for name, subject, text in messages:
            ids.append(name)
            yield subject, text

    with tempfile.TemporaryDirectory() as folder:
        firsts = firsts_of_copies(texts(), options, seed=seed, folder=Path(folder))
    return [ids[first] for first in firsts]


def firsts_of_copies(
    texts: Iterable[tuple[str, str]], options: config.Duplicates, *, seed: int, folder: Path
) -> Places:
    """Return the place of the first message of each one's cluster.

    Texts are compared by their words without case; a text without words by its subject; a message
    without either is alone. Texts shorter than a shingle are copies only if they are equal.

    Args:
        texts: (subject, text) of n messages, in the order that "first" means.
        options: the similarity (Jaccard, 0-1) from which two texts are copies, words a shingle,
            and permutations: the estimate's standard error is at most 0.5 / sqrt(permutations).
        seed: of the permutations.
        folder: of temporary files, which take 680 bytes a message at 128 permutations.

    Returns:
        (n,) int32. What is held of a message on the way takes some 20 bytes.
    """
    keys, sketched = array("Q"), array("i")
    with Sketches(folder, options, seed=seed) as sketches:
        sketches.write(_distinct(texts, options.shingle_words, keys, sketched))
        first = _first_with_its_words(np.frombuffer(keys, np.uint64))
        clusters = Clusters(first)
        join_alike(sketches, np.frombuffer(sketched, np.int32), clusters)
    return clusters.firsts()


def _distinct(
    texts: Iterable[tuple[str, str]], width: int, keys: array[int], sketched: array[int]
) -> Iterator[np.ndarray]:
    """Yield the shingles of each text, but for copies of one shortly before it.

    Each text's key goes to `keys`, and to `sketched` the place of each one whose shingles go out.
    """
    recent: set[int] = set()
    for place, (subject, text) in enumerate(texts):
        hashes = _word_hashes(text) if _WORD.search(text) else _word_hashes(subject)
        key = key_of(hashes.tobytes()) if len(hashes) else _WORDLESS
        keys.append(key)
        if key == _WORDLESS or key in recent:
            continue
        if len(recent) == _RECENT:
            recent.clear()
        recent.add(key)
        sketched.append(place)
        yield _shingles(hashes, width)


def _first_with_its_words(keys: np.ndarray) -> Places:
    first = first_equal(keys)
    wordless = np.flatnonzero(keys == _WORDLESS)
    first[wordless] = wordless
    return first


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
