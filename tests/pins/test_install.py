"""A file that is not the pinned one stops the installation in one line."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from stages.pins.install import Pin, PinsError, read
from tests.pins.conftest import Project, make_wheel, sha256


def pinned(path: Path, *sets: str, marker: str = "") -> Pin:
    """Return the pin of a wheel."""
    name, version = path.name.split("-")[:2]
    return Pin(name, version.partition("+")[0], marker, (sha256(path),), sets or ("install",))


@pytest.mark.slow
def test_what_is_pinned_for_a_set_is_installed(project: Project) -> None:
    little = make_wheel(project.wheels, "little", "1.0")
    large = make_wheel(project.wheels, "large", "2.0")
    project.pin(pinned(little, "install", "score"), pinned(large, "stack"))
    assert project.install("score") == ""
    assert project.installed() == {"little": "1.0"}
    assert project.install("install", "stack") == ""
    assert project.installed() == {"little": "1.0", "large": "2.0"}


def test_a_changed_hash_stops_it_in_one_line(project: Project) -> None:
    little = make_wheel(project.wheels, "little", "1.0")
    found, changed = sha256(little), "0" * 64
    project.pin(Pin("little", "1.0", "", (changed,), ("install",)))
    line = project.install("install", status=2)
    assert line.count("\n") == 1
    assert line.startswith(f"little-1.0-py3-none-any.whl has sha256 {found}; expected ")
    assert f"such as {changed}; fix: git checkout constraints.txt" in line
    assert project.installed() == {}
    # pip's own words are kept.
    assert "DO NOT MATCH" in (project.folder / "venv/pip.log").read_text()


@pytest.mark.slow
def test_a_changed_file_stops_it(project: Project) -> None:
    little = make_wheel(project.wheels, "little", "1.0")
    project.pin(pinned(little))
    little.write_bytes(little.read_bytes() + b"\0")
    assert "little-1.0-py3-none-any.whl has sha256" in project.install("install", status=2)


@pytest.mark.slow
def test_what_is_installed_already_is_verified_by_a_changed_hash(project: Project) -> None:
    little = make_wheel(project.wheels, "little", "1.0")
    project.pin(pinned(little))
    project.install("install")
    project.pin(Pin("little", "1.0", "", ("0" * 64,), ("install",)))
    assert "expected a file that constraints.txt pins" in project.install("install", status=2)


def test_no_package_builds_itself(project: Project) -> None:
    """A release without a wheel is refused before its code runs."""
    source = project.wheels / "built-1.0.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        code = f"open({str(project.folder / 'ran')!r}, 'w')\n".encode()
        for name, content in {"setup.py": code, "PKG-INFO": b"Name: built\nVersion: 1.0\n"}.items():
            entry = tarfile.TarInfo(f"built-1.0/{name}")
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    project.pin(Pin("built", "1.0", "", (sha256(source),), ("install",)))
    line = project.install("install", status=2)
    assert line.startswith("pip found no wheel of built==1.0; expected ")
    assert not (project.folder / "ran").exists()


@pytest.mark.slow
@pytest.mark.parametrize("cpu", [True, False])
def test_the_cpu_build_of_pytorch_is_taken_where_there_is_one(project: Project, cpu: bool) -> None:
    usual = make_wheel(project.wheels, "torch", "2.0")
    # Only for the hash, where it is not available.
    folder = project.wheels if cpu else project.folder / "elsewhere"
    of_cpu = make_wheel(folder, "torch", "2.0+cpu")
    large = make_wheel(project.wheels, "nvidia", "13.0")
    elsewhere = pinned(make_wheel(project.wheels, "nvwin", "1.0"), "cuda", marker="os_name == 'x'")
    torch = Pin("torch", "2.0", "", (sha256(usual), sha256(of_cpu)), ("install",))
    project.pin(torch, pinned(large, "cuda"), elsewhere)
    project.install("install")
    usual_needs = {"torch": "2.0", "nvidia": "13.0"}
    assert project.installed() == ({"torch": "2.0+cpu"} if cpu else usual_needs)
    assert not (project.folder / "venv/pip.log").exists()


@pytest.mark.slow
def test_an_image_takes_no_other_build_of_pytorch(project: Project) -> None:
    project.pin(pinned(make_wheel(project.wheels, "torch", "2.0"), "score"))
    line = project.install("score", "--torch", "cpu", status=2)
    assert line.startswith("pip found no wheel of torch==2.0+cpu; ")
    assert project.installed() == {}


def test_a_set_that_is_pinned_nowhere_is_refused(project: Project) -> None:
    project.pin(pinned(make_wheel(project.wheels, "little", "1.0")))
    assert project.install("all", status=2).startswith("no package is pinned for all; expected ")


@pytest.mark.parametrize(
    "text",
    [
        "little==1.0\n    # install\n",
        "little==1.0 \\\n    --hash=md5:00\n    # install\n",
        f"little==1.0 \\\n    --hash=sha256:{'0' * 64}\n",
        f"little>=1.0 \\\n    --hash=sha256:{'0' * 64}\n    # install\n",
        "<<<<<<< HEAD\n",
    ],
)
def test_a_pin_without_version_hashes_or_sets_is_refused(text: str) -> None:
    with pytest.raises(PinsError, match=r"constraints.txt has .*; expected name==.*; fix: "):
        read(f"# pins\n{text}")
