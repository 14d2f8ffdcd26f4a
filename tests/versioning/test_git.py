"""Paths of files in earlier commits count from the folder we are in."""

from __future__ import annotations

import base64
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from stages.machine.errors import GitError
from stages.records.layout import HERE, Layout
from stages.versioning import git
from stages.versioning.dvc import stale
from stages.versioning.quiet_access import without_arguments
from stages.versioning.tracked import tracked_model


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below the top of a repository, with two commits of one file."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    folder = tmp_path / "below"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for text in ("old", "new"):
        Path("file").write_text(text)
        git.commit(["file"], text)
    return folder


def test_history_and_content_in_a_folder_below_the_top(project: Path) -> None:
    newest, oldest = git.history(Path("file"))
    assert (git.content(newest, Path("file")), git.content(oldest, Path("file"))) == (
        b"new",
        b"old",
    )
    assert git.history(Path("file"), most=1) == [newest]
    assert git.content(newest, Path("absent")) is None


def test_what_is_given_for_a_commit_is_never_an_option(project: Path) -> None:
    assert git.content("--output=x", Path("file")) is None
    with pytest.raises(GitError):
        git.commit_of("--output=x")
    assert [path.name for path in project.iterdir()] == ["file"]


def test_without_a_repository_no_model_is_tracked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GitError):
        git.history(Path("file"))
    assert tracked_model(HERE, "0" * 64) is None


def test_without_git_no_model_is_tracked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    assert tracked_model(HERE, "0" * 64) is None


def test_a_folder_without_git_is_a_line_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("")
    layout = Layout(tmp_path)
    with pytest.raises(GitError, match=r"not in a git repository.*clone the repository"):
        git.fetch_main(layout)
    with pytest.raises(GitError, match=r"not in a git repository.*clone the repository"):
        stale("train", layout)


class Asking(BaseHTTPRequestHandler):
    """A server that asks who is there, and looks at the arguments of all processes meanwhile."""

    said: list[str]
    arguments: list[str]

    def do_GET(self) -> None:
        for process in psutil.process_iter(["cmdline"]):
            self.arguments.append(" ".join(process.info["cmdline"] or []))
        who = self.headers.get("Authorization")
        self.send_response(404 if who else 401)
        if who:
            self.said.append(who)
        else:
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("path", ["x.git", "a/b"])
def test_a_password_in_the_remote_reaches_the_server_and_no_argument(
    project: Path, path: str
) -> None:
    said: list[str] = []
    arguments: list[str] = []
    handler = type("Handler", (Asking,), {"said": said, "arguments": arguments})
    server = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://me:Zq7x%40K9vW@127.0.0.1:{server.server_port}/{path}"
        subprocess.run(["git", "remote", "add", "origin", address], check=True)
        for ask in (git.fetch_main, lambda: git.push("HEAD", "x", instead_of=None)):
            said.clear()
            with pytest.raises(GitError) as caught:
                ask()
            assert said[0] == f"Basic {base64.b64encode(b'me:Zq7x@K9vW').decode()}"
            assert "Zq7x" not in str(caught.value)
            assert f"http://127.0.0.1:{server.server_port}/{path}" in str(caught.value)
    finally:
        server.shutdown()
        server.server_close()
    assert [line for line in arguments if "remote-http" in line]
    assert not [line for line in arguments if "Zq7x" in line or "K9vW" in line]


@pytest.mark.parametrize(
    "address",
    [
        "https://user:Zq7x@K9vW@127.0.0.1:9/x.git",
        "https://user:Zq7x/K9vW@127.0.0.1:9/x.git",
        "https://user:Zq7x K9vW@127.0.0.1:9/x.git",
        "https://Zq7xK9vW@127.0.0.1:9/x.git",
        "https:user:Zq7xK9vW@127.0.0.1/x.git",
        "/user:Zq7xK9vW@127.0.0.1/x.git",
        "nothing://user:Zq7xK9vW@127.0.0.1/x.git",
    ],
)
def test_whatever_the_remote_is_its_password_is_not_said(project: Path, address: str) -> None:
    subprocess.run(["git", "remote", "add", "origin", address], check=True)
    with pytest.raises(GitError) as caught:
        git.fetch_main()
    assert "Zq7x" not in str(caught.value)
    assert "K9vW" not in str(caught.value)


def test_settings_of_git_in_the_environment_stay() -> None:
    given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c"}
    added = without_arguments(["https://me:pw@host/x"], given)
    assert added["GIT_CONFIG_COUNT"] == "4"
    assert "GIT_CONFIG_KEY_0" not in added
    assert without_arguments(["git@host:x", "https://host/x"], given) == {}
    alone = without_arguments(["https://token@host/x"], {})
    assert alone["GIT_CONFIG_KEY_1"] == "credential.https://host.username"


class _Refusing(BaseHTTPRequestHandler):
    """A server that lets nobody in, and notes who asked."""

    asked: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.asked.append(self.headers["Authorization"])
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    _Refusing.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_token_is_the_password_of_the_forges_server_alone(
    project: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout in a workflow keeps no credential of its own."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
    subprocess.run(["git", "remote", "add", "origin", f"{server}/owner/name"], check=True)
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    with pytest.raises(GitError):
        git.fetch_main()
    assert set(_Refusing.asked) == {None}
    monkeypatch.setenv("GITHUB_SERVER_URL", server)
    with pytest.raises(GitError) as refused:
        git.fetch_main()
    assert _Refusing.asked[-1] == "Basic " + base64.b64encode(b"x-access-token:t0ken").decode()
    assert "t0ken" not in str(refused.value)
