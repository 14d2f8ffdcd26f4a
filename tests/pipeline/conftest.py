"""A clone of this checkout with the small composition, in which the seven stages run for real."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from stages.records.layout import Layout
from stages.records.pointer import Pointer

COPIED = [
    "conf",
    "constraints.txt",
    "stages",
    ".dvc/config",
    ".dvc/.gitignore",
    ".dvcignore",
    ".gitignore",
    "dvc.yaml",
]
NO_MODEL = Pointer("spamline", model=None, previous=None)


@dataclass(frozen=True)
class Clone:
    """A git checkout of the project in a folder of its own."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str, status: int = 0) -> str:
        """Run a command in the clone; return what it printed, after checking its exit status."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == status, f"{command} exited with {done.returncode}:\n{printed}"
        return printed

    def stages(self, *arguments: str, status: int = 0) -> str:
        """Run `python -m stages ...`."""
        return self.run("python", "-m", "stages", *arguments, status=status)

    def dvc(self, *arguments: str, status: int = 0) -> str:
        """Run `dvc ...`."""
        return self.run("dvc", *arguments, status=status)

    def read(self, path: str) -> str:
        """Return the text of a file of the clone."""
        return (self.folder / path).read_text()

    def commit(self, message: str) -> None:
        """Commit everything that git does not ignore."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def clone(self, folder: Path) -> Clone:
        """Return a fresh `git clone` of this one."""
        self.run("git", "clone", "--quiet", str(self.folder), str(folder))
        return Clone(folder, self.environment)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A user's environment with an empty home, and a cache: the caller's, or the test run's own."""
    home, cache = tmp_path_factory.mktemp("home"), str(_shared(tmp_path_factory) / "cache")
    foreign = ("AWS", "MLFLOW", "SPAMLINE", "DVC", "GITHUB")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    kept.pop("PYTHONPATH", None)
    return kept | {
        "HOME": str(home),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]]),
        "SPAMLINE_CACHE": os.environ.get("SPAMLINE_CACHE", cache),
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }


@pytest.fixture(scope="session")
def empty(
    root: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Clone:
    """The project as its first author had it, small: no lock, no model in production."""
    return _project(root, Clone(tmp_path_factory.mktemp("empty") / "spamline", environment))


@pytest.fixture(scope="session")
def first(
    root: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Clone:
    """The same after its first run, committed; made once for all processes of the test run."""
    shared = _shared(tmp_path_factory)
    clone = Clone(shared / "first" / "spamline", environment)
    said = shared / "first" / "said.txt"
    with FileLock(shared / "first.lock"):
        if not said.exists():
            _project(root, clone)
            printed = clone.stages("run")
            clone.commit("the first model")
            said.write_text(printed)
    environment["FIRST_RUN"] = said.read_text()
    return clone


@pytest.fixture
def clone(first: Clone, tmp_path: Path) -> Clone:
    """A fresh clone that has everything DVC tracks, and no registry."""
    clone = first.clone(tmp_path / "clone")
    shutil.copytree(first.folder / ".dvc/cache", clone.folder / ".dvc/cache")
    clone.dvc("checkout")
    return clone


def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of this test run have."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def warm(clone: Clone, first: Clone) -> None:
    """Give `clone` what the first run fetched, embedded and trained: the slow half of a run."""
    shutil.copytree(first.folder / ".dvc/cache/files", clone.folder / ".dvc/cache/files")
    for entry in (first.folder / ".dvc/cache/runs").rglob("*"):
        if entry.is_file() and re.search(r"stages (fetch|embed|train)", entry.read_text()):
            target = clone.folder / entry.relative_to(first.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(entry, target)


def _project(root: Path, clone: Clone) -> Clone:
    for name in COPIED:
        target = clone.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (root / name).is_dir():
            shutil.copytree(root / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(root / name, target)
    # The committed configuration is the small one, so that `make run`'s own check holds.
    config = clone.folder / "conf" / "config.yaml"
    config.write_text(config.read_text().replace("size: full", "size: small"))
    (clone.folder / "data").mkdir()
    NO_MODEL.write(Layout(clone.folder))
    clone.run("git", "init", "--quiet", "--initial-branch", "main")
    clone.stages("params")
    clone.commit("the project")
    return clone
