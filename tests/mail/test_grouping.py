"""Grouping through files finds what a comparison of every pair in memory finds."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH

from stages import config
from stages.mail import duplicates, runs, sketches
from stages.mail.clusters import Clusters
from stages.mail.duplicates import firsts_of_copies
from stages.mail.sketches import Sketches, join_alike

Texts = list[tuple[str, str]]


def plain(texts: Texts, options: config.Duplicates, seed: int) -> list[int]:
    """Return the first of each one's cluster: words, all sketches and the index in memory."""
    ups = list(range(len(texts)))

    def root(place: int) -> int:
        while ups[place] != place:
            place = ups[place]
        return place

    def join(some: int, other: int) -> None:
        low, high = sorted((root(some), root(other)))
        ups[high] = low

    weights = sketches._WEIGHTS
    index = MinHashLSH(options.similarity, options.permutations, weights=weights)
    first: dict[bytes, int] = {}
    made: dict[int, MinHash] = {}
    for place, (subject, text) in enumerate(texts):
        hashes = duplicates._word_hashes(text)
        hashes = hashes if len(hashes) else duplicates._word_hashes(subject)
        if not len(hashes):
            continue
        original = first.setdefault(hashes.tobytes(), place)
        join(original, place)
        if original != place:
            continue
        sketch = MinHash(options.permutations, seed=seed, hashfunc=int)
        sketch.update_batch(duplicates._shingles(hashes, options.shingle_words))
        for other in index.query(sketch):
            if sketch.jaccard(made[other]) >= options.similarity:
                join(other, place)
        index.insert(place, sketch)
        made[place] = sketch
    return [root(place) for place in range(len(texts))]


def mail(rng: random.Random) -> Texts:
    """Return unrelated texts, campaigns, chains of ever more changed copies, and texts of nothing.

    From few words, so that many texts share parts and are not alike.
    """
    words = [f"w{number}" for number in range(rng.choice([6, 40, 900]))]
    found: list[list[str]] = [rng.choices(words, k=rng.choice([2, 30, 120])) for _ in range(4)]
    texts: Texts = []
    for _ in range(rng.choice([1, 40, 260])):
        copy = list(rng.choice(found))
        for _ in range(rng.choice([0, 0, 1, 3, len(copy) // 6])):
            copy[rng.randrange(len(copy))] = rng.choice(words)
        if rng.random() < 0.5:
            found.append(copy)
        text = " ".join(copy) if rng.random() < 0.95 else rng.choice(["", " -- "])
        texts.append((rng.choice(["", "hello", "Hello!"]), text))
    return texts


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the sizes be those where one piece ends and the next begins."""
    monkeypatch.setattr(runs, "_PIECE", 7)
    monkeypatch.setattr(sketches, "_ROWS", 16)
    monkeypatch.setattr(sketches, "_HELD_BYTES", 4_096)
    monkeypatch.setattr(sketches, "_PAIRS", 5)
    monkeypatch.setattr(duplicates, "_RECENT", 3)


@pytest.mark.parametrize("seed", range(24))
def test_the_groups_are_those_of_all_pairs(seed: int, tmp_path: Path, small_pieces: None) -> None:
    rng = random.Random(seed)
    texts = mail(rng)
    options = config.Duplicates(
        similarity=rng.choice([0.3, 0.5, 0.7, 0.9]),
        shingle_words=rng.choice([1, 3, 5]),
        permutations=rng.choice([16, 50, 128]),
    )
    found = firsts_of_copies(texts, options, seed=seed, folder=tmp_path)
    assert found.tolist() == plain(texts, options, seed)


def test_a_campaign_costs_a_few_passes_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compared pair by pair, 3,000 variants would be 4.5 million comparisons a band."""
    rng = np.random.default_rng(0)
    letter = rng.integers(0, 2**32, 200, dtype=np.uint32)

    def variants() -> Iterator[np.ndarray]:
        for _ in range(3_000):
            own = letter.copy()
            own[rng.integers(0, 200, 12)] = rng.integers(0, 2**32, 12)
            yield np.unique(own)

    compared = 0
    enough = sketches._Signatures._enough

    def counting(self: sketches._Signatures, equal: np.ndarray) -> np.ndarray:
        nonlocal compared
        compared += equal.shape[0] * equal.shape[1]
        return enough(self, equal)

    monkeypatch.setattr(sketches._Signatures, "_enough", counting)
    options = config.Duplicates(similarity=0.7, shingle_words=5, permutations=64)
    clusters = Clusters(np.arange(3_000, dtype=np.int32))
    with Sketches(tmp_path, options, seed=1) as written:
        written.write(variants())
        join_alike(written, np.arange(3_000, dtype=np.int32), clusters)
    assert not clusters.firsts().any()
    assert compared < 20 * 3_000
