"""The scheduled job as its image has it: no git, no DVC, no checkout, a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stages.machine.files import exclusive
from tests.pipeline.conftest import Clone

pytestmark = pytest.mark.slow

# What the image does not carry; importing one of them here says so.
ABSENT = ("dvc", "hydra", "optuna")


@pytest.fixture(scope="module")
def project(first: Clone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's files in a folder of their own, as `/opt/spamline` of the image is."""
    folder = tmp_path_factory.mktemp("image") / "project"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(first.folder / "stages", folder / "stages", ignore=ignored)
    (folder / "data").mkdir()
    for name in ("params.yaml", "dvc.yaml", "data/production.json"):
        shutil.copy(first.folder / name, folder / name)
    for name in ABSENT:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f"raise ImportError('{name} is not here')\n")
    return folder


@pytest.fixture(scope="module")
def job(first: Clone, project: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the image sets, and the registry of the first run."""
    nowhere = tmp_path_factory.mktemp("no-programs")
    kept = ("HOME", "SPAMLINE_CACHE")
    return {name: first.environment[name] for name in kept} | {
        "PATH": str(nowhere),
        "PYTHONPATH": str(project),
        "SPAMLINE_PROJECT": str(project),
        "MLFLOW_TRACKING_URI": f"sqlite:///{first.folder}/data/register/mlflow/mlflow.db",
    }


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


def score(work: Path, job: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stages", "score"],
        cwd=work,
        env=job,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def results(folder: Path) -> dict[str, bytes]:
    """The bytes of what the batch came to, by file."""
    data = folder / "data"
    found = [*data.glob("infer/**/*.parquet"), data / "infer/summary.json"]
    found.append(data / "monitor/drift.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_it_finds_what_a_run_found(first: Clone, work: Path, job: dict[str, str]) -> None:
    done = score(work, job)
    assert done.returncode == 0, done.stderr
    titles = [line for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    assert [title.split()[0].rstrip(":") for title in titles[-3:]] == [
        "Data",
        "Predictions",
        "Drift",
    ]
    assert results(work) == results(first.folder)
    assert (work / "data/monitor/history.db").exists()


def test_again_it_finds_the_same_and_a_pointer_of_an_earlier_image_goes(
    work: Path, job: dict[str, str]
) -> None:
    before = results(work)
    pointer = work / "data/production.json"
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | {"model": "0" * 64}))
    done = score(work, job)
    assert done.returncode == 0, done.stderr
    assert results(work) == before


def test_a_model_that_the_registry_lacks_is_one_line_without_git(
    work: Path, job: dict[str, str], tmp_path: Path
) -> None:
    empty = f"sqlite:///{tmp_path}/mlflow.db"
    line = one_line(score(work, job | {"MLFLOW_TRACKING_URI": empty}))
    assert "has no model" in line
    assert "MLFLOW_TRACKING_URI" in line


def test_two_at_once_are_one_and_a_line(work: Path, job: dict[str, str]) -> None:
    with exclusive(work / "data/.run.lock", "a run"):
        assert "already running" in one_line(score(work, job))


def test_a_project_that_is_not_there(work: Path, job: dict[str, str]) -> None:
    line = one_line(score(work, job | {"SPAMLINE_PROJECT": "/nowhere"}))
    assert "/nowhere/params.yaml cannot be read" in line


def test_a_folder_that_cannot_be_written(job: dict[str, str], tmp_path: Path) -> None:
    # Whoever is root may write anywhere but below a file.
    (tmp_path / "data").write_text("")
    line = one_line(score(tmp_path, job))
    assert f"{tmp_path} cannot be written" in line
    assert f"user {os.getuid()} may write" in line


def test_a_model_of_a_commit_that_no_cache_has_is_looked_for_and_not_found(
    first: Clone, tmp_path: Path
) -> None:
    """As on other hardware, on a fresh clone without a remote: its receipt is there, it is not."""
    clone = first.clone(tmp_path / "clone")
    code = (
        "import json; from stages.records.layout import HERE\n"
        "from stages.versioning.tracked import tracked_model\n"
        "digest = json.load(open('data/production.json'))['model']\n"
        "print('found', tracked_model(HERE, digest))"
    )
    assert "found None" in clone.run("python", "-c", code)
