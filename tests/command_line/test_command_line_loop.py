"""The loop's verbs where they cannot work: one line, and nothing has changed."""

from __future__ import annotations

import dataclasses

import pytest

from tests.command_line.project import DEAD, Project


def test_a_day_of_the_history(project: Project) -> None:
    line = project.refuse("window", "--as-of", "2024-01-28")
    assert "2024-01-28 lies before 2024-01-29" in line


@pytest.mark.parametrize("arguments", [["--as-of", "soon"], ["--as-of", "2024-02-30"]])
def test_a_day_that_is_none(project: Project, arguments: list[str]) -> None:
    for verb in ("window", "retrain"):
        status, out, err = project.run(verb, *arguments)
        assert (status, out) == (2, "")
        day = arguments[-1]
        last = f"Invalid value for '--as-of': '{day}' is not a date such as 2002-08-05"
        assert last in err.splitlines()[-1]
        assert "Traceback" not in err


def test_a_window_that_is_not_over_yet_changes_nothing(project: Project) -> None:
    before = project.results()
    said = project.do("window", "--as-of", "2024-02-04")
    assert said == "window: none is over on 2024-02-04; the first of them ends on 2024-02-05\n"
    assert project.results() == before


def test_a_replay_that_is_none(project: Project) -> None:
    replay = {"SPAMLINE_REPLAY": "2002-08-26"}
    other = dataclasses.replace(project, environment=project.environment | replay)
    assert "SPAMLINE_REPLAY is '2002-08-26'" in other.refuse("window")


def test_a_folder_that_is_no_clone(project: Project) -> None:
    assert "is not in a git repository" in project.refuse("retrain", "--as-of", "2024-02-05")


def test_github_without_a_token_and_github_that_is_dead(project: Project) -> None:
    about = {"GITHUB_REPOSITORY": "owner/spamline", "SPAMLINE_GITHUB_API": DEAD}
    for token, words in ({}, "no token"), ({"GITHUB_TOKEN": "a-token"}, "GitHub: "):
        environment = project.environment | about | token
        line = dataclasses.replace(project, environment=environment).refuse("notice")
        assert words in line
        assert "a-token" not in line


def test_nothing_to_review_or_to_trust_or_to_publish(project: Project) -> None:
    assert "is not in a git repository" in project.refuse("review")
    assert "params.yaml differs from conf/" in project.refuse("trust")
    assert "data/production.json cannot be read" in project.refuse("publish")
