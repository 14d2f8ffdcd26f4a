"""The cache of embeddings: what is kept comes back, and whatever is wrong with it stops nobody."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stages.machine.cache import MOST_BYTES
from stages.model.embedding_cache import EARLIER, FILE, EmbeddingCache

DIM = 8
# What another process does with the cache: argv are the file, the first text and how many.
WRITER = f"""
import itertools, sys
import numpy as np
from pathlib import Path
from stages.model.embedding_cache import EmbeddingCache
cache = EmbeddingCache(Path(sys.argv[1]), "space", {DIM})
first = int(sys.argv[2])
for n in range(first, first + int(sys.argv[3])):
    cache.put({{str(n): np.full({DIM}, n, np.float32)}})
    print(n, flush=True)
"""


def vectors(*texts: str) -> dict[str, np.ndarray]:
    return {text: np.full(DIM, int(text), np.float32) for text in texts}


def cache(
    path: Path,
    space: str = "space",
    dim: int = DIM,
    most_bytes: int = MOST_BYTES,
    today: int | None = None,
) -> EmbeddingCache:
    return EmbeddingCache(path, space, dim, most_bytes=most_bytes, today=today)


def start(path: Path, first: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_was_kept_comes_back_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cache.db"
    writing = cache(path)
    writing.put(vectors("1", "2"))
    writing.close()
    found = cache(path).get(["1", "3", "2"])
    assert list(found) == ["1", "2"]
    assert all(found[text].tobytes() == vectors(text)[text].tobytes() for text in found)
    assert cache(path, space="other").get(["1"]) == {}


def test_rows_of_another_size_and_damaged_ones_are_made_again(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    first = cache(path)
    first.put(vectors("1", "2", "3"))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE embeddings SET vector = zeroblob(36) WHERE rowid = 1")
        connection.execute("UPDATE embeddings SET vector = 'text' WHERE rowid = 2")
    assert list(first.get(["1", "2", "3"])) == ["3"]
    assert cache(path, dim=DIM * 2).get(["3"]) == {}
    first.put(vectors("1"))
    assert sorted(first.get(["1", "2", "3"])) == ["1", "3"]


@pytest.mark.parametrize("name", ["no database", "no database/below a file"])
def test_a_file_that_cannot_serve_is_one_line(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no database").write_text("this is no database " * 100)
    broken = cache(tmp_path / name)
    broken.put(vectors("1"))
    assert broken.get(["1"]) == {}
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "goes on without" in said
    assert "SPAMLINE_CACHE" in said


def test_a_file_that_breaks_on_the_way_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cache.db"
    broken = cache(path)
    broken.put(vectors("1"))
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE embeddings")
    assert broken.get(["1"]) == {}
    broken.put(vectors("1"))
    assert broken.get(["1"]) == {}
    assert capsys.readouterr().out.count("\n") == 1


def test_a_full_disk_is_one_line_and_what_is_there_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = cache(tmp_path / "cache.db")
    full.put(vectors("1"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        full.put(vectors("2"))
        full.put(vectors("3"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(full.get(["1", "2", "3"])) == ["1"]
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "adds nothing to" in said


def test_beyond_its_bound_what_was_not_used_for_the_longest_time_goes(tmp_path: Path) -> None:
    path, most = tmp_path / "cache.db", 1_000_000
    numbers = [str(n) for n in range(1000)]
    # 1.6 KB each: a file of 1 MB holds 600 of them.
    wide = {text: np.full(384, int(text), np.float32) for text in numbers}
    for day in range(3):
        bounded = cache(path, dim=384, most_bytes=most, today=day)
        # The very first ones are used on each day.
        bounded.get(numbers[:100])
        for n in range(day * 300, (day + 1) * 300, 50):
            bounded.put({text: wide[text] for text in numbers[n : n + 50]})
        bounded.close()
    assert path.stat().st_size <= most
    found = list(cache(path, dim=384).get(numbers))
    assert found[:100] == numbers[:100]
    assert found[-300:] == numbers[600:900]
    assert 450 < len(found) < 620


def test_a_bound_that_was_lowered_is_reached(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    rows = {str(n): np.full(384, n, np.float32) for n in range(1000)}
    cache(path, dim=384).put(rows)
    lowered = cache(path, dim=384, most_bytes=500_000)
    for n in range(10):
        lowered.put({f"new {m}": np.full(384, m, np.float32) for m in range(n * 20, n * 20 + 20)})
    lowered.close()
    assert path.stat().st_size <= 500_000
    assert "new 199" in cache(path, dim=384).get(["new 199"])


def test_a_file_of_earlier_code_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / EARLIER) as connection:
        connection.execute("CREATE TABLE embeddings (key BLOB PRIMARY KEY, vector BLOB NOT NULL)")
    before = (tmp_path / EARLIER).read_bytes()
    cache(tmp_path / FILE).put(vectors("1"))
    assert list(cache(tmp_path / FILE).get(["1"])) == ["1"]
    assert (tmp_path / EARLIER).read_bytes() == before


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    writers = [start(path, first, 200) for first in (0, 200)]
    for writer in writers:
        out, _ = writer.communicate(timeout=60)
        assert writer.returncode == 0
        assert len(out.splitlines()) == 200, out
    assert len(cache(path).get([str(n) for n in range(400)])) == 400


def test_a_killed_process_leaves_what_it_had_kept(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    writer = start(path, 0, 10_000_000)
    assert writer.stdout
    kept = [writer.stdout.readline().strip() for _ in range(50)]
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=60)
    after = cache(path)
    assert sorted(after.get(kept)) == sorted(kept)
    after.put(vectors("-1"))
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
