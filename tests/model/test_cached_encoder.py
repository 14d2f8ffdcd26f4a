"""The encoder behind the cache: it keeps apart whatever has other bytes, and holds no stream."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from stages import config
from stages.model.cached_encoder import (
    CachedEncoder,
    byte_space,
    cached_encoder,
    load_cached,
    processor,
)
from stages.model.embedding_cache import EmbeddingCache
from stages.model.engines.sentence_transformers import SentenceTransformers
from stages.model.filter import Filter
from stages.model.tables import Split

CPUINFO = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu MHz\t\t: {mhz}
flags\t\t: sse2 avx2{more}

processor\t: 1
"""


def test_other_bytes_are_another_space(
    minilm: config.Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaces = {
        byte_space(minilm),
        byte_space(dataclasses.replace(minilm, sha256="0" * 64)),
        byte_space(dataclasses.replace(minilm, package="no_such_package")),
    }
    fast = dataclasses.replace(minilm, engine="sentence-transformers")
    spaces.add(byte_space(fast))
    monkeypatch.setenv("ONEDNN_DEFAULT_FPMATH_MODE", "BF16")
    spaces.add(byte_space(fast))
    code = tmp_path / "encoder.py"
    code.write_text("two texts a forward pass")
    monkeypatch.setattr(SentenceTransformers, "CODE", (code,))
    spaces.add(byte_space(fast))
    assert len(spaces) == 6


def test_the_processor_counts_where_bytes_depend_on_it(
    minilm: config.Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = dataclasses.replace(minilm, engine="sentence-transformers")
    before = byte_space(minilm), byte_space(fast)
    monkeypatch.setattr("stages.model.cached_encoder.processor", lambda: ["another"])
    assert byte_space(minilm) == before[0]
    assert len({byte_space(fast), *before}) == 3


def test_an_instruction_set_is_told_from_another_and_the_moment_is_not(tmp_path: Path) -> None:
    def told(mhz: str, more: str) -> list[str]:
        path = tmp_path / "cpuinfo"
        path.write_text(CPUINFO.format(mhz=mhz, more=more))
        return processor(path)

    assert told("2000", "") == told("3000", "")
    assert told("2000", "") != told("2000", " avx512f")
    assert processor(tmp_path / "absent")


def test_a_stream_is_not_read_ahead_of_what_is_asked_for(
    minilm: config.Encoder, tmp_path: Path
) -> None:
    cache = EmbeddingCache(tmp_path / "cache.db", "space", minilm.dim)
    texts = [str(n) for n in range(100)]
    cache.put({text: np.ones(minilm.dim, np.float32) for text in texts})
    endless: Iterator[str] = itertools.cycle(texts)
    encoder = CachedEncoder(minilm, cache)
    assert len(list(itertools.islice(encoder.encode(endless), 1000))) == 1000
    assert encoder.found < 1100


class Counting:
    """An encoder that keeps the texts that it is asked for."""

    def __init__(self, dim: int) -> None:
        self.asked: list[str] = []
        self._dim = dim

    def encode(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        for text in texts:
            self.asked.append(text)
            yield np.full(self._dim, len(self.asked), np.float32)


@pytest.fixture
def counting(minilm: config.Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counting:
    """The encoder behind an empty cache, counted."""
    counting = Counting(minilm.dim)
    monkeypatch.setenv("SPAMLINE_CACHE", str(tmp_path))
    monkeypatch.setattr("stages.model.cached_encoder.load_encoder", lambda _: counting)
    return counting


def test_of_a_window_that_shares_most_of_its_mail_only_the_rest_is_encoded(
    minilm: config.Encoder, counting: Counting
) -> None:
    # Each twice, the second time chunks later.
    texts = [f"mail {n}" for n in range(220)]
    for window in (texts[:200], texts[20:]):
        with cached_encoder(minilm) as encoder:
            first, second = np.split(np.stack(list(encoder.encode(window * 2))), 2)
            assert (first == second).all()
    assert counting.asked == texts


def test_duplicates_side_by_side_are_encoded_once_without_a_cache(
    minilm: config.Encoder, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPAMLINE_CACHE", "/dev/null/cache")
    with cached_encoder(minilm) as encoder:
        assert len(list(encoder.encode(["one", "other", "one"] * 20))) == 60
    assert counting.asked == ["one", "other"]


def test_a_model_of_another_encoder_has_each_text_encoded_once(
    counting: Counting, tiny_filter: Path
) -> None:
    mail = {"subject": ["one", "other"], "text": ["hello", "hello"]}
    split = Split(pa.table(mail), np.zeros((2, 384), np.float32), "of another encoder")
    first, again = (Filter.load(tiny_filter, load_cached).score_split(split) for _ in range(2))
    assert (first == again).all()
    assert counting.asked == ["one\nhello", "other\nhello"]


@pytest.mark.slow
def test_texts_alike_up_to_the_cut_are_encoded_once(
    minilm: config.Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPAMLINE_CACHE", str(tmp_path))
    long = "a word and another " * 200
    with cached_encoder(minilm) as encoder:
        first, *others = encoder.encode([long, long, "short", "", long + "beyond the cut"])
        assert encoder.found == 0
        assert [first.tobytes() == other.tobytes() for other in others] == [
            True,
            False,
            False,
            True,
        ]
        again = list(encoder.encode([long, "", "new"]))
        assert encoder.found == 2
        assert again[1].tobytes() == others[2].tobytes()
