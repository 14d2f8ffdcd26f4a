"""A team's life on the real stack: pushed, pulled, registered once, and no secret to be found."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stages.stack.settings import SECRETS
from tests.forge.forge_server import ForgeServer
from tests.pipeline.conftest import Clone, warm
from tests.pipeline.planted import (
    SECRET,
    base_with_a_password,
    failing_runs,
    files_with,
    in_git,
    plant,
    stored,
)
from tests.servers import Servers

pytestmark = pytest.mark.slow


class Eavesdropper(threading.Thread):
    """Reads the arguments of every process on the machine, as anybody on it can."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.heard: set[str] = set()
        self._enough = threading.Event()

    def run(self) -> None:
        while not self._enough.wait(0.3):
            for process in psutil.process_iter():
                with contextlib.suppress(psutil.Error):
                    self.heard.add(" ".join(process.cmdline()))

    def stop(self) -> None:
        self._enough.set()
        self.join()


@pytest.fixture(scope="module")
def stacked(servers: Servers) -> Servers:
    """The three servers, running."""
    servers.start("mlflow")
    return servers


@pytest.fixture(scope="module")
def said() -> list[str]:
    """Everything that the commands of this module printed."""
    return []


@pytest.fixture(scope="module")
def eavesdropper() -> Iterator[Eavesdropper]:
    thread = Eavesdropper()
    thread.start()
    yield thread
    thread.stop()


def told(servers: Servers, clone: Clone) -> Clone:
    """Give a clone the team's `.env`, and secrets wherever a user may have one."""
    shutil.copy(servers.stack.dotenv, clone.folder)
    plant(clone)
    return clone


@pytest.fixture(scope="module")
def team(
    empty: Clone,
    first: Clone,
    stacked: Servers,
    said: list[str],
    eavesdropper: Eavesdropper,
    tmp_path_factory: pytest.TempPathFactory,
) -> Clone:
    """A clone of the empty project after `make run` and `make push` on the stack, committed."""
    clone = told(stacked, empty.clone(tmp_path_factory.mktemp("team") / "first"))
    warm(clone, first)
    said.append(clone.stages("run"))
    clone.commit("the first model")
    said.append(clone.stages("push"))
    return clone


def rows(servers: Servers, query: str) -> list[tuple[object, ...]]:
    """Return what the history answers to the read-only role."""
    import psycopg

    settings = servers.environment
    with psycopg.connect(
        host="127.0.0.1",
        port=settings["SPAMLINE_POSTGRES_PORT"],
        user="spamline_reader",
        password=settings["SPAMLINE_READER_PASSWORD"],
        dbname="spamline",
    ) as connection:
        return connection.execute(query).fetchall()


def keys(servers: Servers) -> list[str]:
    """Return the names of all objects in the bucket."""
    pages = servers.s3_client().get_paginator("list_objects_v2").paginate(Bucket="spamline")
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def versions(servers: Servers) -> list[str]:
    """Return the digest of each version that the MLflow server has."""
    import requests

    url = f"{servers.environment['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/model-versions/search"
    found = requests.get(url, params={"filter": "name = 'spamline'"}, timeout=30).json()
    tags = [tag for version in found["model_versions"] for tag in version["tags"]]
    return [tag["value"] for tag in tags if tag["key"] == "digest"]


def test_everything_is_where_a_team_looks_for_it(team: Clone, stacked: Servers) -> None:
    pointer = json.loads(team.read("data/production.json"))
    digest = pointer["model"]
    assert versions(stacked) == [digest]
    assert not (team.folder / "data/register/mlflow/mlflow.db").exists()
    stored = keys(stacked)
    verdict = json.loads(team.read("data/monitor/drift.json"))
    window = f"{verdict['window']['from']}_{verdict['window']['to']}"
    for pattern in (
        "dvc/files/md5/",
        "mlflow/",
        "predictions/year=2002/month=08/day=",
        f"verdicts/{digest[:16]}_{window}.json",
    ):
        assert [key for key in stored if key.startswith(pattern)], pattern
    query = "SELECT model, decision, messages FROM embedding_drift_metrics"
    assert rows(stacked, query) == [
        (digest, verdict["decision"], verdict["window"]["messages"]),
    ]


def test_a_second_clone_pulls_and_runs_and_registers_nothing(
    team: Clone, stacked: Servers, said: list[str], tmp_path: Path
) -> None:
    second = told(stacked, team.clone(tmp_path / "second"))
    before = versions(stacked), sorted(keys(stacked))
    said.append(second.stages("pull"))
    repro = second.dvc("repro")
    assert "Running stage" not in repro
    assert "up to date" in repro
    assert second.run("git", "status", "--porcelain") == ""
    assert (versions(stacked), sorted(keys(stacked))) == before
    # And a whole run of it finds everything in its place.
    said.append(second.stages("run"))
    assert (versions(stacked), sorted(keys(stacked))) == before
    assert len(rows(stacked, "SELECT 1 FROM embedding_drift_metrics")) == 1
    assert "has everything" in second.stages("push", "--check")


def test_postgres_stopped_during_monitor_keeps_the_verdict_and_the_row_comes_later(
    team: Clone, stacked: Servers, said: list[str], tmp_path: Path
) -> None:
    clone = told(stacked, team.clone(tmp_path / "clone"))
    clone.stages("pull")
    registry = clone.folder / "data/register/mlflow/mlflow.db"
    own = Clone(clone.folder, {**clone.environment, "MLFLOW_TRACKING_URI": f"sqlite:///{registry}"})
    verdict = clone.folder / "data/monitor/drift.json"
    import psycopg

    settings = stacked.environment
    with psycopg.connect(
        settings["SPAMLINE_HISTORY_URL"].replace("+psycopg", ""), autocommit=True
    ) as connection:
        connection.execute("DELETE FROM embedding_drift_metrics")
    verdict.unlink()
    stacked.stop("postgres")
    try:
        line = own.stages("monitor", status=2)
    finally:
        stacked.start("postgres")
    said.append(line)
    assert "the verdict is written but the monitoring history is not" in line
    assert json.loads(verdict.read_text())["decision"]
    assert rows(stacked, "SELECT 1 FROM embedding_drift_metrics") == []
    own.stages("monitor")
    assert len(rows(stacked, "SELECT 1 FROM embedding_drift_metrics")) == 1
    stacked.start("mlflow")


def test_a_disk_that_is_full_in_mid_run_loses_nothing(
    team: Clone, said: list[str], tmp_path: Path
) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(volume)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount a file system")
    try:
        clone = team.clone(tmp_path / "clone")
        clone.dvc("cache", "dir", "--quiet", "--local", str(volume / "cache"))
        line = clone.stages("run", status=2).splitlines()[-1]
        assert "No space left on device" in line
        assert line.startswith("spamline run: ")
        clone.run("mount", "-o", "remount,size=1g", str(volume))
        # What the others have made already need not be made again for this.
        shutil.copytree(team.folder / ".dvc/cache/runs", volume / "cache/runs", dirs_exist_ok=True)
        shutil.copytree(
            team.folder / ".dvc/cache/files", volume / "cache/files", dirs_exist_ok=True
        )
        clone.stages("run")
        assert clone.read("dvc.lock") == team.read("dvc.lock")
        assert clone.run("git", "status", "--porcelain") == ""
    finally:
        subprocess.run(["umount", "--lazy", str(volume)], check=True)


def test_a_run_that_fails_and_a_review_show_no_secret(
    team: Clone, stacked: Servers, said: list[str], forge_server: ForgeServer, tmp_path: Path
) -> None:
    clone = told(stacked, team.clone(tmp_path / "clone"))
    said.append(clone.stages("pull"))
    said += failing_runs(clone)
    number = forge_server.open("retrain/x")["number"]
    asked = {**forge_server.environment(), "GITHUB_TOKEN": SECRET["token"]}
    reviewing = Clone(clone.folder, {**clone.environment, **asked})
    base = base_with_a_password(clone)
    said.append(reviewing.stages("review", "--base", base, "--pull-request", str(number)))
    (comment,) = forge_server.comments[number]
    page = clone.read("data/review/review.md")
    for text in (comment["body"], page):
        assert "| `stores.history` | not shown | changed |" in text
    said += [comment["body"], page]
    assert clone.run("git", "status", "--porcelain", "--untracked-files=no") == ""
    for place, secret in SECRET.items():
        assert not files_with(clone, secret), place
        assert not [text for text in said if secret in text], place
        assert not in_git(clone, secret), place


def test_no_secret_is_anywhere(
    team: Clone, stacked: Servers, said: list[str], eavesdropper: Eavesdropper
) -> None:
    """After all that: in git, files, logs, arguments, records, and what was printed."""
    eavesdropper.stop()
    assert any("weed" in line for line in eavesdropper.heard)
    assert any("mlflow" in line for line in eavesdropper.heard)
    logs = [
        path
        for folder in (stacked.root / "data/stack/logs", team.folder / ".dvc/tmp")
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert [path for path in logs if path.name == "mlflow.log"]
    conf = stacked.root / "data/stack/supervisor.conf"
    records = list(stored(stacked))
    assert any(b"embedding_drift_metrics" in record or b"champion" in record for record in records)
    # An access key's id is a name, as a user's is: SeaweedFS logs it.
    real = {name: stacked.environment[name] for name in SECRETS.keys() - {"AWS_ACCESS_KEY_ID"}}
    for name, secret in {**real, **SECRET}.items():
        assert len(secret) >= 15
        # What the user has typed into a command is an argument of that command.
        typed = {"override"} & {name}
        assert typed or not [line for line in eavesdropper.heard if secret in line], name
        assert not [text for text in said if secret in text], name
        assert not [path for path in (*logs, conf) if secret.encode() in path.read_bytes()], name
        assert not [record for record in records if secret.encode() in record], name
        assert not files_with(team, secret), name
        assert not in_git(team, secret), name
