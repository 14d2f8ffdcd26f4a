"""A package as npm packs it, and a registry on the loopback that serves it."""

import base64
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

Pack = Callable[[Mapping[str, bytes]], bytes]


def _packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        manifest = {"package.json": b'{"name": "@stdlib/corpus", "version": "1.0.0"}'}
        for name, content in {**manifest, **files}.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def packed() -> Pack:
    """A function of files (path below package/ to content) to the bytes of their tarball."""
    return _packed


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of fetched packages, empty; no proxy between npm and the loopback."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SPAMLINE_CACHE", str(folder))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return folder


class Registry:
    """What an npm registry says of one package; `requests` are the paths asked for."""

    def __init__(self) -> None:
        self.tarball = _packed({})
        self.requests: list[str] = []


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Iterator[Registry]:
    state = Registry()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests.append(self.path)
            body = state.tarball if self.path.endswith(".tgz") else self.packument()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def packument(self) -> bytes:
            url = f"http://127.0.0.1:{server.server_port}/corpus-1.0.0.tgz"
            digest = hashlib.sha512(state.tarball).digest()
            dist = {"tarball": url, "integrity": f"sha512-{base64.b64encode(digest).decode()}"}
            version = {"name": "@stdlib/corpus", "version": "1.0.0", "dist": dist}
            packument = {"name": "@stdlib/corpus", "dist-tags": {"latest": "1.0.0"}}
            return json.dumps(packument | {"versions": {"1.0.0": version}}).encode()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/")
    yield state
    server.shutdown()
    server.server_close()
