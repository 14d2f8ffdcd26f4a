"""The file of embeddings is looked at and emptied, whoever uses it meanwhile."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from stages.machine.errors import BusyError
from stages.model import kept_embeddings
from stages.model.embedding_cache import EmbeddingCache
from stages.model.kept_embeddings import empty, kept_spaces, size_of

VECTORS = {str(n): np.full(384, n, np.float32) for n in range(500)}


def filled(path: Path, title: str = "a model, exact", today: int = 2) -> EmbeddingCache:
    cache = EmbeddingCache(path, title, 384, title=title, today=today)
    cache.put(VECTORS)
    return cache


def test_each_space_has_its_rows_its_size_and_its_last_use(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    filled(path).close()
    filled(path, "a model, static", today=3).close()
    static, exact = kept_spaces(path)
    assert (static.title, static.rows, static.used) == ("a model, static", 500, 3 * 86_400)
    assert (exact.title, exact.rows, exact.used) == ("a model, exact", 500, 2 * 86_400)
    assert static.size + exact.size == pytest.approx(size_of(path), rel=0.1)
    # Finding a text is a use.
    EmbeddingCache(path, "a model, exact", 384, title="a model, exact", today=4).get(["1"])
    assert [space.used for space in kept_spaces(path)] == [4 * 86_400, 3 * 86_400]


def test_it_is_emptied_under_those_who_use_it(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    running = filled(path)
    before = size_of(path)
    freed = empty(path)
    assert freed == before - size_of(path)
    assert size_of(path) < 100_000 < freed
    assert running.get(VECTORS) == {}
    running.put(VECTORS)
    assert len(running.get(VECTORS)) == 500
    assert [space.title for space in kept_spaces(path)] == ["a model, exact"]


@pytest.mark.parametrize("content", [b"this is no database " * 1000, b"SQLite format 3\0" * 1000])
def test_a_file_that_is_no_database_is_removed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cache.db"
    path.write_bytes(content)
    assert kept_spaces(path) == []
    assert empty(path) == len(content)
    assert not path.exists()
    assert empty(path) == 0
    assert len(filled(path).get(VECTORS)) == 500


def test_one_who_never_stops_writing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cache.db"
    filled(path).close()
    monkeypatch.setattr(kept_embeddings, "PATIENCE_SECONDS", 0.1)
    with sqlite3.connect(path) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError, match="another process has been writing"):
            empty(path)
