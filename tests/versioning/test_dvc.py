"""DVC in this process: what it needs of the environment is put back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from stages.machine.errors import StageError
from stages.versioning.dvc import reproduce


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
