"""A team's world for the loop: a bare git remote, S3, a registry, a forge, and clones of it all."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.forge.forge_server import NAME, ForgeServer
from tests.pipeline.conftest import Clone

# The small corpus has a week that changes nothing that matters, and then one that does.
QUIET, DRIFTING = "2002-09-02", "2002-09-09"
BRANCH = "retrain/2002-09-02_2002-09-09"
_PROJECT = (".github", "Makefile", "pyproject.toml", "constraints.txt")


@dataclass(frozen=True)
class World:
    """What outlives a job.

    Attributes:
        root: the checkout under test.
        folder: of everything here.
        environment: of a job: addresses and credentials.
        forge: what the API was told.
    """

    root: Path
    folder: Path
    environment: dict[str, str]
    forge: ForgeServer

    @property
    def bare(self) -> Path:
        """The remote that people and jobs push to."""
        return self.folder / "spamline.git"

    def clone(self, name: str, branch: str = "main") -> Clone:
        """Return a fresh clone."""
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        self.git("clone", "--quiet", "--branch", branch, str(self.bare), str(target), cwd=".")
        return Clone(target, self.environment)

    def git(self, *arguments: str, cwd: str | Path | None = None) -> str:
        """Return what git says in the remote."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.bare,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def branches(self) -> dict[str, str]:
        """Return the branches of the remote with their commits."""
        listed = self.git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
        return dict(line.split() for line in listed.splitlines())

    def pointer(self, branch: str = "main") -> dict[str, Any]:
        """Return the production pointer of a branch."""
        found: dict[str, Any] = json.loads(self.git("show", f"{branch}:data/production.json"))
        return found

    def versions(self) -> list[str]:
        """Return the digest of each registered version."""
        query = "SELECT value FROM model_version_tags WHERE key = 'digest' ORDER BY version"
        return [row[0] for row in self._registry(query)]

    def champion(self) -> str | None:
        """Return the digest of the model that the alias names."""
        query = (
            "SELECT t.value FROM registered_model_aliases a JOIN model_version_tags t "
            "ON t.name = a.name AND t.version = a.version "
            "WHERE a.alias = 'champion' AND t.key = 'digest'"
        )
        return next((row[0] for row in self._registry(query)), None)

    def history(self) -> list[tuple[str, str, str]]:
        """Return model, last day and decision of each row of the monitoring history."""
        path = self.environment["SPAMLINE_HISTORY_URL"].removeprefix("sqlite:///")
        query = "SELECT model, window_to, decision FROM embedding_drift_metrics ORDER BY window_to"
        return _ask(path, query)

    def _registry(self, query: str) -> list[tuple[str, ...]]:
        return _ask(self.environment["MLFLOW_TRACKING_URI"].removeprefix("sqlite:///"), query)


def _ask(path: str, query: str) -> list[tuple[Any, ...]]:
    if not Path(path).exists():
        return []
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()


def make_world(
    root: Path, folder: Path, first: Clone, stack: dict[str, str], forge: ForgeServer
) -> World:
    """Return a world whose main is the small project after its first run, pushed."""
    access = {name: value for name, value in stack.items() if name.startswith("AWS_")}
    environment = {
        **first.environment,
        **access,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow/mlflow.db",
        "SPAMLINE_HISTORY_URL": f"sqlite:///{folder}/history.db",
        "SPAMLINE_PREDICTIONS_URL": f"s3://spamline/{folder.name}/predictions",
        "SPAMLINE_VERDICTS_URL": f"s3://spamline/{folder.name}/verdicts",
    }
    (folder / "mlflow").mkdir(parents=True)
    seed = Clone(folder / "seed", environment)
    first.run("git", "clone", "--quiet", str(first.folder), str(seed.folder))
    shutil.copytree(first.folder / ".dvc/cache", seed.folder / ".dvc/cache")
    for name in _PROJECT:
        copy = shutil.copytree if (root / name).is_dir() else shutil.copy
        copy(root / name, seed.folder / name)
    seed.dvc("remote", "modify", "storage", "url", f"s3://spamline/{folder.name}/dvc")
    seed.commit("a team's project")
    seed.stages("push")
    seed.stages("publish")
    world = World(root, folder, environment | forge.environment(), forge)
    world.git("clone", "--quiet", "--bare", str(seed.folder), str(world.bare), cwd=folder)
    return world


class Act:
    """Runs workflow files on this machine, without Docker; needs nothing from GitHub."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.actions = world.folder / "actions"
        self._stub("actions/setup-python", "python --version")

    def run(
        self,
        workflow: str,
        event: str,
        clone: Clone,
        *,
        inputs: dict[str, str] | None = None,
        about: dict[str, Any] | None = None,
        secrets: bool = True,
        more: dict[str, str] | None = None,
        status: int = 0,
    ) -> str:
        """Run a workflow for an event in `clone`; return its log.

        Args:
            workflow: the file's name.
            event: `schedule`, `workflow_dispatch`, `pull_request`, `push`.
            clone: what is checked out.
            inputs: of a dispatch.
            about: the event's content.
            secrets: whether there are any; a fork has none.
            more: variables of the environment, for every step.
            status: act's exit status.
        """
        given = self.world.environment
        described = self.world.folder / "event.json"
        described.write_text(json.dumps({"inputs": inputs or {}, **(about or {})}))
        secret = [name for name in _SECRETS if secrets and name in given]
        variables = {name: given[name] for name in _VARIABLES if name in given}
        own = {
            "SPAMLINE_VENV": str(Path(sys.executable).parents[1]),
            "SPAMLINE_CACHE": given["SPAMLINE_CACHE"],
            "SPAMLINE_GITHUB_API": given["SPAMLINE_GITHUB_API"],
            "GITHUB_REPOSITORY": NAME,
            "AWS_EC2_METADATA_DISABLED": "true",
            **(more or {}),
        }
        command = [
            *("act", event, "-P", "ubuntu-latest=-self-hosted", "-e", str(described)),
            *("-W", f".github/workflows/{workflow}"),
            *("--cache-server-addr", "127.0.0.1", "--artifact-server-addr", "127.0.0.1"),
            *_each("--local-repository", _pinned(self.world.root, self.actions)),
            *_each("--env", own),
            *_each("--var", variables | (more or {}) if secrets else {}),
            *(word for name in secret for word in ("-s", name)),
        ]
        done = subprocess.run(
            command,
            cwd=clone.folder,
            env=self._environment(secret),
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        log = done.stdout + done.stderr
        assert done.returncode == status, log
        return log

    def _environment(self, secret: list[str]) -> dict[str, str]:
        """Return what act starts with: all of it leaks into the steps, so little."""
        certificates = [name for name in os.environ if name.endswith(("_CERT_FILE", "_CA_CERTS"))]
        kept = ["PATH", *certificates, *(n for n in os.environ if n.startswith("PIP_"))]
        home = {"HOME": str(self.world.folder / "runner")}
        environment = self.world.environment
        return {**{n: environment[n] for n in (*kept, *secret) if n in environment}, **home}

    def _stub(self, name: str, command: str) -> None:
        """Put an action in the place of one that is fetched from GitHub."""
        folder = self.actions / name
        folder.mkdir(parents=True)
        step = {"run": command, "shell": "bash"}
        inputs = {"python-version": {"required": False}}
        action = {"name": name, "inputs": inputs, "runs": {"using": "composite", "steps": [step]}}
        (folder / "action.yml").write_text(yaml.safe_dump(action))
        for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "stub"]):
            self.world.git(*arguments, cwd=folder)


_SECRETS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "MLFLOW_TRACKING_URI",
    "SPAMLINE_HISTORY_URL",
    "GITHUB_TOKEN",
)
_VARIABLES = ("AWS_ENDPOINT_URL", "SPAMLINE_PREDICTIONS_URL", "SPAMLINE_VERDICTS_URL")


def _each(option: str, values: dict[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (option, f"{name}={value}")]


def _pinned(root: Path, actions: Path) -> dict[str, str]:
    """Return each action that the workflows pin and that stands here, with its folder."""
    found = {}
    for path in (root / ".github/workflows").glob("*.yml"):
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            for step in job["steps"]:
                name = step.get("uses", "").partition("@")[0]
                if name and (actions / name).is_dir():
                    found[step["uses"]] = str(actions / name)
    return found
