"""compose.yaml, checked where no engine runs; and by Docker itself where there is one."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages.stack.settings import write_settings
from tests.container.rules import problems

SERVICES = {"s3", "postgres", "mlflow", "adminer", "grafana", "score"}


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "compose.yaml").read_text()


@pytest.fixture
def compose(text: str) -> dict[str, Any]:
    # A copy: YAML's aliases share what they name.
    return copy.deepcopy(yaml.safe_load(text))


def valid(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)


def test_it_is_of_the_compose_specification(root: Path) -> None:
    done = valid(root / "compose.yaml")
    assert done.returncode == 0, done.stdout


def test_what_is_not_of_the_specification_is_found(text: str, tmp_path: Path) -> None:
    broken = tmp_path / "compose.yaml"
    broken.write_text(text.replace("healthcheck:", "healthchek:", 1))
    done = valid(broken)
    assert done.returncode == 1
    assert "healthchek" in done.stdout


def test_the_services_and_the_rules(compose: dict[str, Any], text: str) -> None:
    assert set(compose["services"]) == SERVICES
    assert problems(compose, text) == []


@pytest.mark.parametrize(
    ("service", "change", "words"),
    [
        ("s3", {"healthcheck": None}, "s3 has no health check"),
        ("score", {"profiles": None}, "score starts with everything else"),
        ("adminer", {"image": "adminer"}, "adminer runs adminer"),
        ("adminer", {"image": "adminer:latest"}, "adminer runs adminer:latest"),
        ("grafana", {"ports": ["3000:3000"]}, "grafana publishes 3000:3000"),
        ("mlflow", {"depends_on": {"s3": {}}}, "mlflow does not wait for s3"),
        (
            "grafana",
            {"environment": {"GF_SECURITY_ADMIN_PASSWORD": "admin"}},
            "grafana has GF_SECURITY_ADMIN_PASSWORD in the file",
        ),
        (
            "grafana",
            {"environment": {"GF_SECURITY_ADMIN_PASSWORD": "${GRAFANA_ADMIN_PASSWORD:-admin}"}},
            "grafana has GF_SECURITY_ADMIN_PASSWORD in the file",
        ),
        (
            "score",
            {"environment": {"SPAMLINE_HISTORY_URL": "postgresql://spamline:secret@postgres/x"}},
            "score has the password of SPAMLINE_HISTORY_URL in the file",
        ),
        (
            "mlflow",
            {"command": ["--backend-store-uri", "postgresql://spamline:${SPAMLINE_DB_PASSWORD}@x"]},
            "mlflow has SPAMLINE_DB_PASSWORD among its arguments",
        ),
    ],
)
def test_each_rule_fires(
    compose: dict[str, Any], text: str, service: str, change: dict[str, Any], words: str
) -> None:
    changed = compose["services"][service] | change
    compose["services"][service] = {key: value for key, value in changed.items() if value}
    (problem,) = problems(compose, text)
    assert problem.startswith(words)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("# ${SPAMLINE_COLOUR:?red}", "SPAMLINE_COLOUR is not of `make env`"),
        ("# ${SPAMLINE_COLOUR}", "SPAMLINE_COLOUR may be empty"),
    ],
)
def test_a_variable_that_nobody_sets(
    compose: dict[str, Any], text: str, line: str, problem: str
) -> None:
    assert problem in problems(compose, text + line)


def test_what_it_mounts_from_the_checkout_is_there(root: Path, compose: dict[str, Any]) -> None:
    volumes = [v for service in compose["services"].values() for v in service.get("volumes", [])]
    mounted = [volume.split(":")[0] for volume in volumes if volume.startswith("./")]
    assert len(mounted) == 2
    for path in mounted:
        assert (root / path).exists(), path


def test_grafana_gets_its_data_source_and_reads_its_password_from_the_environment(
    compose: dict[str, Any],
) -> None:
    content = compose["configs"]["grafana-data-source"]["content"].replace("$$", "$")
    (source,) = yaml.safe_load(content)["datasources"]
    assert source["uid"] == "spamline-history"
    assert source["user"] == "spamline_reader"
    assert source["secureJsonData"] == {"password": "$SPAMLINE_READER_PASSWORD"}
    assert "SPAMLINE_READER_PASSWORD" in compose["services"]["grafana"]["environment"]


def works(*command: str) -> bool:
    if not shutil.which(command[0]):
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not works("docker", "compose", "version"), reason="no `docker compose` here")
def test_docker_reads_it_with_the_environment_and_refuses_without(
    root: Path, tmp_path: Path
) -> None:
    write_settings(tmp_path / ".env")
    command = ["docker", "compose", "--project-directory", str(root), "--profile", "score"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    for given, status, word in ((tmp_path / ".env", 0, "spamline"), (Path(os.devnull), 1, "make")):
        done = subprocess.run(
            [*command, "--env-file", str(given), "config"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == bool(status), done.stderr
        assert word in done.stdout + done.stderr
