"""A project of its own with pins, and a folder of wheels for its pip: no network."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from stages.pins.install import Pin


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_wheel(folder: Path, name: str, version: str, *requires: str) -> Path:
    """Write a wheel that has one module, named like the package; return its path."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    metadata = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {r}" for r in requires)]
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{about}/METADATA": "\n".join(["Metadata-Version: 2.1", *metadata, ""]),
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in files.items():
            archive.writestr(zipfile.ZipInfo(inside), text)
    return path


@dataclass(frozen=True)
class Project:
    """A folder with `stages/pins/` and `constraints.txt`, and an empty environment."""

    folder: Path
    wheels: Path

    @property
    def lock(self) -> Path:
        return self.folder / "constraints.txt"

    @property
    def python(self) -> Path:
        return self.folder / "venv/bin/python"

    def pin(self, *pins: Pin) -> None:
        self.lock.write_text("# pins\n" + "".join(pin.lines() for pin in pins))

    def install(self, *arguments: str, status: int = 0) -> str:
        """Install as `make install` does; return what is printed."""
        return self.run(
            "stages.pins.install", "--python", str(self.python), *arguments, status=status
        )

    def run(self, module: str, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def installed(self) -> dict[str, str]:
        """Return the packages of the environment with their versions."""
        folders = self.folder.glob("venv/lib/*/site-packages/*.dist-info")
        return dict(path.name.removesuffix(".dist-info").split("-", 1) for path in folders)


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path, tmp_path / "wheels")
    project.wheels.mkdir()
    room = tmp_path / "stages/pins"
    room.mkdir(parents=True)
    for path in (root / "stages/pins").glob("*.py"):
        shutil.copy(path, room)
    shutil.copy(root / "stages/__init__.py", room.parent)
    venv = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")]
    subprocess.run(venv, check=True)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(project.wheels))
    return project
