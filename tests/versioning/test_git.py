"""Paths of files in earlier commits count from the folder we are in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stages.machine.errors import GitError
from stages.records.layout import HERE, Layout
from stages.versioning import git
from stages.versioning.dvc import stale
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
