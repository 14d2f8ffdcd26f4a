"""What GitHub Actions shows of a job and hands on to its later steps; elsewhere, nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from stages.machine.address import shown
from stages.machine.console import visible
from stages.machine.variables import (
    GITHUB_OUTPUT,
    GITHUB_REPOSITORY,
    GITHUB_RUN_ID,
    GITHUB_SERVER_URL,
    GITHUB_STEP_SUMMARY,
)


def summarise(markdown: str, environment: Mapping[str, str] = os.environ) -> None:
    """Add `markdown` to the summary of the job."""
    _append(environment.get(GITHUB_STEP_SUMMARY), f"{markdown}\n")


def hand_on(name: str, value: str, environment: Mapping[str, str] = os.environ) -> None:
    """Let later steps of the job see `value`, on one line, as an output of this step."""
    # A line end in it would begin another output.
    _append(environment.get(GITHUB_OUTPUT), visible(f"{name}={value}") + "\n")


def run_address(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the address of the page of this run, or None."""
    if not (run := environment.get(GITHUB_RUN_ID)):
        return None
    server = environment.get(GITHUB_SERVER_URL) or "https://github.com"
    return f"{shown(server)}/{environment.get(GITHUB_REPOSITORY)}/actions/runs/{run}"


def _append(path: str | None, text: str) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(text)
