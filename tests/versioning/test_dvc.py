"""DVC in this process: what it needs of the environment is put back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from stages.machine.errors import ConfigError, StageError, UserError
from stages.machine.faults import from_outside
from stages.versioning.default_remote import default_remote
from stages.versioning.dvc import reproduce
from tests.mounts import read_only


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two stages: one notes which Python it finds, one fails."""
    from dvc.repo import Repo

    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True).close()
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n  which: {cmd: command -v python > found.txt}\n  failing: {cmd: exit 3}\n"
    )
    return tmp_path


def test_stages_find_this_python_and_the_path_is_put_back(
    pipeline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    reproduce("which")
    assert (pipeline / "found.txt").read_text().strip() == str(
        Path(sys.executable).parent / "python"
    )
    assert os.environ["PATH"] == "/usr/bin:/bin"


def test_the_path_is_put_back_after_a_failure_too(
    pipeline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(StageError) as caught:
        reproduce("failing")
    assert caught.value.exit_status == 3
    assert os.environ["PATH"] == "/usr/bin:/bin"


def test_a_file_that_a_stage_needs_and_nobody_has_is_named(pipeline: Path) -> None:
    (pipeline / "dvc.yaml").write_text("stages:\n  one: {cmd: 'true', deps: [constraints.txt]}\n")
    with pytest.raises(UserError, match=r"'constraints\.txt' does not exist"):
        reproduce("one")


@pytest.mark.parametrize("name", [".dvc/config", "dvc.lock"])
@pytest.mark.parametrize("damage", ["bytes", "another kind", "empty", "folder", "pipe"])
def test_a_damaged_file_of_dvc_is_one_line(pipeline: Path, name: str, damage: str) -> None:
    path = pipeline / name
    path.unlink(missing_ok=True)
    match damage:
        case "bytes":
            path.write_bytes(b"\xff\xfe\0x")
        case "another kind":
            path.write_text('[1, {"a": null}]\n')
        case "empty":
            path.write_bytes(b"")
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
    try:
        reproduce("which")
    except Exception as error:
        found = from_outside(error)
        assert found, repr(error)
        assert "\n" not in str(found)
    else:
        # As good as none.
        assert damage == "empty" or name == "dvc.lock"


@pytest.mark.parametrize("name", [".dvc/config", "dvc.yaml"])
def test_a_pipe_is_not_waited_for(pipeline: Path, name: str) -> None:
    (pipeline / name).unlink()
    os.mkfifo(pipeline / name)
    with pytest.raises(ConfigError, match=f"git checkout -- {name}"):
        reproduce("which")
    if name == ".dvc/config":
        with pytest.raises(ConfigError):
            default_remote()


def test_a_read_only_repository_is_one_line(pipeline: Path) -> None:
    with read_only(pipeline), pytest.raises((OSError, UserError)) as caught:
        reproduce("which")
    assert "Read-only file system: " in str(from_outside(caught.value))
