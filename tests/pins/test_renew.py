"""One command renews the pins: here with an index that is a folder."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from stages.pins.check import digest
from stages.pins.install import LOCK, read
from stages.pins.renew import BUILT, wheel_of
from tests.pins.conftest import Project, make_wheel, sha256

PYPROJECT = """\
[project]
name = "small"
dependencies = ["little", "torch"]
optional-dependencies = { dev = ["tool"], stack = ["server"] }

[dependency-groups]
score = ["torch"]

[build-system]
requires = ["builder"]
"""


@pytest.fixture
def renewed(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", (project.folder / "index").as_uri())
    monkeypatch.setenv("PIP_FIND_LINKS", str(project.folder / "more"))
    (project.folder / "pyproject.toml").write_text(PYPROJECT)
    make_wheel(project.wheels, "little", "1.0", "deep; sys_platform == 'win32'")
    for name in ("deep", "tool", "server", "builder", "nvidia"):
        make_wheel(project.wheels, name, "1.0")
    make_wheel(project.wheels, "torch", "2.0", "nvidia; sys_platform == 'linux'")
    make_wheel(project.folder / "more", "torch", "2.0+cpu")
    project.lock.write_text("# nothing yet\n")
    renew(project)
    return project


def renew(project: Project, *arguments: str, status: int = 0) -> str:
    """Renew from an index of the wheels that are there now; return what is printed."""
    for wheel in project.wheels.glob("*.whl"):
        page = project.folder / "index" / wheel.name.partition("-")[0] / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        with page.open("a") as file:
            file.write(f'<a href="{wheel.as_uri()}#sha256={sha256(wheel)}">{wheel.name}</a>\n')
    return project.run("stages.pins.renew", *arguments, status=status)


def test_every_file_has_its_hash_and_every_pin_its_sets(renewed: Project) -> None:
    pins = {pin.name: pin for pin in read(renewed.lock.read_text())}
    assert {name: pin.sets for name, pin in pins.items()} == {
        "builder": ("install",),
        "deep": ("install",),
        "little": ("install",),
        "nvidia": ("cuda",),
        "server": ("stack",),
        "tool": ("install",),
        "torch": ("install", "score"),
    }
    assert pins["deep"].marker == "sys_platform == 'win32'"
    usual, of_cpu = renewed.wheels.glob("torch*"), (renewed.folder / "more").glob("torch*")
    assert set(pins["torch"].hashes) == {sha256(path) for path in (*usual, *of_cpu)}
    assert renewed.run("stages.pins.check") == "7 packages pinned, each with its hashes\n"
    assert "://" not in renewed.lock.read_text()


@pytest.mark.slow
def test_a_version_stays_until_it_is_named(renewed: Project) -> None:
    before = renewed.lock.read_text()
    make_wheel(renewed.wheels, "little", "1.1")
    make_wheel(renewed.wheels, "tool", "1.1")
    renew(renewed)
    assert renewed.lock.read_text() == before

    def versions() -> dict[str, str]:
        found = {pin.name: pin.version for pin in read(renewed.lock.read_text())}
        return {name: found[name] for name in ("little", "tool")}

    renew(renewed, "--upgrade", "little")
    assert versions() == {"little": "1.1", "tool": "1.0"}
    renew(renewed, "--upgrade", "all")
    assert versions() == {"little": "1.1", "tool": "1.1"}


@pytest.mark.slow
def test_a_changed_hash_is_renewed(renewed: Project) -> None:
    before = renewed.lock.read_text()
    wheel = next(renewed.wheels.glob("little-*"))
    renewed.lock.write_text(before.replace(sha256(wheel), "0" * 64))
    renew(renewed)
    assert renewed.lock.read_text() == before


@pytest.mark.slow
def test_the_hash_of_a_cpu_build_stays_where_pip_finds_none(
    renewed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = renewed.lock.read_text()
    monkeypatch.delenv("PIP_FIND_LINKS")
    assert "found no CPU build of torch 2.0" in renew(renewed)
    assert renewed.lock.read_text() == before


def test_what_cannot_be_resolved_is_one_line(renewed: Project) -> None:
    pyproject = renewed.folder / "pyproject.toml"
    pyproject.write_text(PYPROJECT.replace('"little"', '"absent"'))
    before = renewed.lock.read_text()
    line = renew(renewed, status=2)
    assert line.startswith("uv pip compile failed: ")
    assert "absent" in line
    assert line.count("\n") == 1
    assert renewed.lock.read_text() == before
    assert "absent is in pyproject.toml and not pinned" in renewed.run(
        "stages.pins.check", status=2
    )


def test_the_digest_is_of_what_is_wanted_not_of_its_order() -> None:
    assert digest({"a": ["x", "y"]}) == digest({"a": ["y", "x"]})
    assert digest({"a": ["x", "y"]}) != digest({"a": ["x"], "b": ["y"]})


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILT)
def test_our_wheel_is_the_pinned_source_and_nothing_else(name: str, tmp_path: Path) -> None:
    (pin,) = [pin for pin in read(LOCK.read_text()) if pin.name == name]
    wanted = tmp_path / "pins.txt"
    wanted.write_text(pin.lines())
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
            *("--require-hashes", "--no-binary", ":all:", "--no-build-isolation"),
            *("--dest", str(tmp_path), "--requirement", str(wanted)),
        ],
        check=True,
    )
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        source = {
            entry.name.partition("/src/")[2]: _content(archive, entry)
            for entry in archive
            if "/src/antlr4/" in entry.name and entry.name.endswith(".py")
        }
    with zipfile.ZipFile(wheel_of(pin)) as wheel:
        modules = {n: wheel.read(n) for n in wheel.namelist() if n.startswith("antlr4/")}
        others = {n.split("/")[0] for n in wheel.namelist()} - {"antlr4"}
    assert modules == source != {}
    assert others == {
        f"antlr4_python3_runtime-{pin.version}.{kind}" for kind in ("data", "dist-info")
    }


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry)
    assert file
    return file.read()
