"""The Dockerfile, checked where no engine runs; `build_without_engine.sh` builds it."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def dockerfile(root: Path) -> str:
    return (root / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def pyproject(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())


def lint(text: str) -> str:
    done = subprocess.run(
        ["hadolint", "-"], input=text, capture_output=True, text=True, check=False
    )
    return done.stdout


def stages(dockerfile: str) -> dict[str, str]:
    """What each stage says, by its name."""
    parts = re.split(r"^FROM \S+ AS (\S+)$", dockerfile, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_it_passes_its_linter(dockerfile: str) -> None:
    assert lint(dockerfile) == ""


def test_the_linter_says_what_is_wrong(dockerfile: str) -> None:
    assert "DL3002" in lint(dockerfile.replace("USER 10001:10001", "USER root"))
    assert "DL3006" in lint(dockerfile + "FROM debian AS other\n")


def test_the_base_is_pinned_by_its_digest(dockerfile: str) -> None:
    assert re.search(r"^ARG BASE=python:3\.11\.\d+-slim-\w+@sha256:[0-9a-f]{64}$", dockerfile, re.M)
    sources = re.findall(r"^FROM (\S+) AS", dockerfile, re.M)
    assert set(sources) <= {"${BASE}", *stages(dockerfile)}


@pytest.mark.parametrize("image", ["mlflow", "score"])
def test_an_image_is_nobodys_and_runs_nothing_while_it_is_built(
    dockerfile: str, image: str
) -> None:
    said = stages(dockerfile)[image]
    assert re.search(r"^USER [1-9]\d{3,}:[1-9]\d{3,}$", said, re.M)
    assert not re.search(r"^(RUN|ADD) ", said, re.M)
    assert "PYTHONDONTWRITEBYTECODE=1" in said


def test_the_job_is_the_default(dockerfile: str) -> None:
    assert list(stages(dockerfile))[-1] == "score"
    assert 'ENTRYPOINT ["python", "-m", "stages"]' in dockerfile
    assert 'CMD ["score"]' in dockerfile


def test_every_package_is_one_of_the_projects(pyproject: dict[str, Any]) -> None:
    own = {*pyproject["project"]["dependencies"], "s3fs"}  # dvc-s3 stands on it
    for group in ("score", "mlflow"):
        packages = pyproject["dependency-groups"][group]
        assert packages == sorted(packages)
        assert set(packages) <= own


def test_packages_are_installed_by_what_verifies_their_hashes(dockerfile: str) -> None:
    runs = re.findall(r"^RUN (?:.*\\\n)*.*$", dockerfile, re.M)
    installs = [run for run in runs if "install" in run]
    called = [re.sub(r'[",\[\]\\\s]+', " ", run) for run in installs]
    command = "RUN python3 /requirements/stages/pins/install.py {} --python /opt/venv/bin/python"
    assert [run.split(" --torch")[0].strip() for run in called] == [
        command.format("mlflow"),
        command.format("score"),
    ]
    assert not re.search(r"PIP_(?!EXTRA_INDEX_URL|NO_CACHE_DIR)", dockerfile)


def test_the_context_is_an_allow_list(root: Path) -> None:
    lines = (root / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    for rule in rules[1:]:
        assert rule == "**/__pycache__" or (root / rule.removeprefix("!")).exists(), rule
