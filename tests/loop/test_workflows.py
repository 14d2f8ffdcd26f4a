"""The workflow files: no logic, no permission without use, nothing from outside in a shell."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

NAMES = ("test.yml", "monitor.yml", "model-review.yml", "promote.yml")
READ = {"contents": "read"}
PERMISSIONS = {
    ("test.yml", "lint"): READ,
    ("test.yml", "test"): READ,
    ("monitor.yml", "monitor"): {
        "contents": "write",
        "pull-requests": "write",
        "issues": "write",
        "actions": "write",
    },
    ("model-review.yml", "review"): {**READ, "pull-requests": "write"},
    ("promote.yml", "promote"): READ,
}


@pytest.fixture(scope="module")
def workflows(root: Path) -> dict[str, Any]:
    folder = root / ".github/workflows"
    return {path.name: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml")}


def jobs(workflows: dict[str, Any]) -> list[tuple[tuple[str, str], dict[str, Any]]]:
    return [
        ((name, job), content)
        for name, workflow in workflows.items()
        for job, content in workflow["jobs"].items()
    ]


def steps(workflows: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for _, job in jobs(workflows) for step in job["steps"]]


def test_they_are_the_four(workflows: dict[str, Any]) -> None:
    assert sorted(workflows) == sorted(NAMES)


@pytest.mark.parametrize(
    ("linter", "before", "after", "found"),
    [
        ("actionlint", "timeout-minutes", "timeout-minuets", "timeout-minuets"),
        ("zizmor", "persist-credentials: false", "clean: true", "artipacked"),
        ("zizmor", "run: make install", "run: echo ${{ inputs.as_of }}", "template-injection"),
    ],
)
def test_lint_finds_mistakes_and_holes(
    root: Path, tmp_path: Path, linter: str, before: str, after: str, found: str
) -> None:
    """By the commands of `make lint`, in a folder with the workflows alone."""
    (command,) = re.findall(rf"^\t({linter}\b.*)$", (root / "Makefile").read_text(), re.M)
    shutil.copytree(root / ".github", tmp_path / ".github")
    (tmp_path / ".git").mkdir()
    path = tmp_path / ".github/workflows/monitor.yml"

    def lint() -> tuple[int, str]:
        done = subprocess.run(
            command.split(), cwd=tmp_path, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    assert lint()[0] == 0
    path.write_text(path.read_text().replace(before, after))
    status, said = lint()
    assert status
    assert found in said


def test_each_step_is_an_action_or_calls_make(root: Path, workflows: dict[str, Any]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.M))
    for step in steps(workflows):
        if "run" in step:
            found = re.fullmatch(r"make ([a-z-]+)", step["run"])
            assert found, step["run"]
            assert found[1] in targets


def test_actions_are_pinned_by_commit_and_say_their_version(root: Path) -> None:
    for path in (root / ".github/workflows").glob("*.yml"):
        for used in re.findall(r"uses: (.+)", path.read_text()):
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


def test_jobs_have_the_permissions_that_they_use_a_limit_and_a_group(
    workflows: dict[str, Any],
) -> None:
    assert {name: job["permissions"] for name, job in jobs(workflows)} == PERMISSIONS
    assert all(workflow["permissions"] == {} for workflow in workflows.values())
    assert all(workflow["concurrency"]["group"] for workflow in workflows.values())
    assert all(0 < job["timeout-minutes"] <= 180 for _, job in jobs(workflows))


def test_nothing_from_outside_reaches_a_shell(
    root: Path, workflows: dict[str, Any], tmp_path: Path
) -> None:
    """Neither by an expression in a command, nor where make hands a word on."""
    assert not [step for step in steps(workflows) if "${{" in str(step.get("run"))]
    assert not any("pull_request_target" in str(workflow) for workflow in workflows.values())
    python = tmp_path / "venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    python.chmod(0o755)
    (tmp_path / "venv/installed").touch()
    hostile = '2002-09-02"; touch pwned; echo "$(touch pwned) `touch pwned` $${x} $(shell id)'
    for target, name in (("retrain", "AS_OF"), ("review", "PULL_REQUEST")):
        said = subprocess.run(
            ["make", "--file", root / "Makefile", target],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "SPAMLINE_VENV": str(tmp_path / "venv"), name: hostile},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert hostile in said.splitlines()
    assert not (tmp_path / "pwned").exists()


def test_a_fork_is_given_no_secret_and_no_comment(workflows: dict[str, Any]) -> None:
    assert "secrets." not in str(workflows["test.yml"])
    guard = workflows["model-review.yml"]["jobs"]["review"]["if"]
    assert "head.repo.full_name == github.repository" in guard


def test_no_robot_starts_another(workflows: dict[str, Any]) -> None:
    """What opens pull requests starts by the clock or a person, what they start opens none."""
    # YAML 1.1 reads the key `on` as true.
    triggers = {name: workflow[True] for name, workflow in workflows.items()}
    assert triggers["monitor.yml"].keys() == {"schedule", "workflow_dispatch"}
    assert triggers["promote.yml"]["push"] == {
        "branches": ["main"],
        "paths": ["data/production.json"],
    }
    writers = {name for name, job in jobs(workflows) if job["permissions"]["contents"] == "write"}
    assert writers == {("monitor.yml", "monitor")}
