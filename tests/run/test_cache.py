"""The table of what this machine keeps, and its removal."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from stages.machine.cache import cache_dir, hold, most_bytes
from stages.machine.errors import ConfigError
from stages.model.embedding_cache import EARLIER, FILE, EmbeddingCache
from stages.run.cache import clear_cache, print_cache

# Reads a download, as a fetch does, until its standard input ends.
READER = """
import sys
from pathlib import Path
from stages.machine.cache import hold
hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder with one of each kind, and a file of somebody else."""
    monkeypatch.setenv("SPAMLINE_CACHE", str(tmp_path))
    cache = EmbeddingCache(tmp_path / FILE, "space", 384, title="a model, exact")
    cache.put({str(n): np.full(384, n, np.float32) for n in range(500)})
    cache.close()
    for name in (EARLIER, "corpus.tgz", "profiles/1.npz", "benchmarks/tool/code.py", "mine.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 2000)
    (tmp_path / "corpus.tgz.lock").touch()
    return tmp_path


def printed() -> str:
    console = Console(file=io.StringIO(), width=100)
    print_cache(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_names_each_kind_and_the_bound(folder: Path) -> None:
    lines = printed().splitlines()
    assert [line.split()[:4] for line in lines if "a model" in line] == [
        ["embeddings:", "a", "model,", "exact"]
    ]
    for title in ("earlier code", "downloads", "drift profiles", "benchmarks"):
        (line,) = (line for line in lines if title in line)
        assert "2.0 kB" in line
    assert lines[-1].startswith(f"{folder}: ")
    assert "at most 2.0 GB (SPAMLINE_CACHE_GB)" in lines[-1]


def test_all_goes_but_what_is_not_ours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clear_cache()
    (said,) = capsys.readouterr().out.splitlines()
    for words in ("cache: freed ", "embeddings ", "downloads 2.0 kB", "drift profiles 2.0 kB"):
        assert words in said
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert set(left) - {f"{FILE}.lock", f"{EARLIER}.lock", "corpus.tgz.lock"} == {FILE, "mine.txt"}
    clear_cache()
    assert "freed 0 bytes" in capsys.readouterr().out


def test_a_download_that_is_read_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "corpus.tgz"
    command = [sys.executable, "-c", READER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"held\n"
        clear_cache()
    assert path.exists()
    assert "in use and left: corpus.tgz" in capsys.readouterr().out
    clear_cache()
    assert not path.exists()


def test_the_same_file_is_held_once(folder: Path) -> None:
    open_files = Path("/proc/self/fd")
    hold(folder / "mine.txt")
    before = len(list(open_files.iterdir()))
    hold(folder / "mine.txt")
    assert len(list(open_files.iterdir())) == before


def test_nothing_is_there_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPAMLINE_CACHE", str(tmp_path / "none"))
    assert printed().startswith(f"{cache_dir()}: 0 bytes")
    clear_cache()
    assert "freed 0 bytes" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("given", ["much", "0", "-1", "nan", "1e30"])
def test_a_bound_that_is_none_is_one_line(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPAMLINE_CACHE_GB", given)
    with pytest.raises(ConfigError, match=f"SPAMLINE_CACHE_GB is '{given}'"):
        most_bytes()
    monkeypatch.setenv("SPAMLINE_CACHE_GB", "0.5")
    assert most_bytes() == 500_000_000
