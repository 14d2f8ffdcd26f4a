"""What a person sees who mistypes: one line, status 2, nothing changed."""

from __future__ import annotations

import ast
import dataclasses
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from stages.cli.entry import main
from stages.cli.table import cli
from stages.cli.verb import Verb
from tests.command_line.project import VERBS, Project, commands


def test_help_lists_every_verb_and_each_has_its_own(
    fetched: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    said = fetched.do("--help")
    assert re.findall(r"^  ([a-z-]+) {2,}\S", said.split("  --help")[1], re.M) == VERBS
    for verb in VERBS:
        assert main([verb, "--help"]) == 0
        own = capsys.readouterr().out
        assert own.startswith(f"Usage: python -m stages {verb} ")
        assert re.search(r"^  [A-Z].+\.$", own, re.M), own
    assert "{train|holdout|batch}" in fetched.do("embed", "--help")


@pytest.mark.parametrize("arguments", [["fecth"], [], ["embed"], ["embed", "tomorrow"]])
def test_a_verb_that_is_none_is_status_2_with_the_usage(
    fetched: Project, arguments: list[str]
) -> None:
    status, out, err = fetched.run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("Usage: python -m stages")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fecth"], "No such command 'fecth'. Did you mean 'fetch'?"),
        (["retrain", "--forse"], "No such option '--forse'. Did you mean '--force'?"),
        (["embed", "tomorrow"], "'tomorrow' is not one of 'train', 'holdout', 'batch'"),
        (["replay", "--policies"], "Option '--policies' requires an argument"),
        (["replay", "--step", "week"], "'week' is not a valid integer"),
    ],
)
def test_a_typo_names_what_was_meant(fetched: Project, arguments: list[str], words: str) -> None:
    status, out, err = fetched.run(*arguments)
    assert (status, out) == (2, "")
    assert words in err.splitlines()[-1]


def test_help_and_a_typo_need_no_project_and_leave_the_folder_alone(
    project: Project, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    # Else the project's files would be copied to where the command runs.
    away = {"SPAMLINE_PROJECT": str(project.folder)}
    elsewhere = dataclasses.replace(project, folder=empty, environment=project.environment | away)
    assert "--as-of" in elsewhere.do("retrain", "--help")
    assert elsewhere.run("retrain", "--as-of", "soon")[0] == 2
    assert not list(empty.iterdir())
    assert "data/production.json cannot be read" in elsewhere.run("retrain")[2]


def test_every_command_of_make_of_dvc_and_of_the_workflows_exists(root: Path) -> None:
    files = [root / name for name in ("Makefile", "dvc.yaml", "README.md")]
    files += [*(root / ".github/workflows").glob("*.yml"), *(root / "docs").glob("*.md")]
    named = {
        verb
        for path in files
        for verb in re.findall(r"python -m stages ([a-z][a-z-]*)", path.read_text())
    }
    assert len(named) > 20
    assert named <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_example_of_a_help_would_run(fetched: Project, verb: str) -> None:
    command = cli.get_command(click.Context(cli), verb)
    assert isinstance(command, Verb)
    assert command.examples
    for example in command.examples:
        assert fetched.has(example) or example.startswith(f"python -m stages {verb} "), example
        words = shlex.split(example)
        if words[0] == "python":
            command.make_context(verb, words[4:])


def test_every_command_that_an_error_names_exists(fetched: Project) -> None:
    texts = [text for path in (fetched.root / "stages").rglob("*.py") for text in fixes(path)]
    named = [command for text in texts for command in commands(text)]
    # `{…}` in an f-string is not known here; the other tests see such lines whole.
    whole = [command for command in named if "{" not in command]
    assert len(whole) > 15
    assert [command for command in whole if not fetched.has(command)] == []


def fixes(path: Path) -> Iterator[str]:
    """Yield every text of a keyword `fix`, and those that functions called fix… return."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.keyword) and node.arg == "fix":
            yield text_of(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name.lstrip("_").startswith("fix"):
            returned = [part.value for part in ast.walk(node) if isinstance(part, ast.Return)]
            yield from map(text_of, filter(None, returned))


def text_of(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "{…}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"drift__quorom": 2}, ["unknown key drift.quorom", "'quorum'", "make params"]),
        ({"sead": 1}, ["unknown key sead", "'seed'"]),
        ({"search__trials": "twelve"}, ["search.trials is 'twelve'", "valid integer"]),
        ({"window__until": "mid-January"}, ["window.until is 'mid-January'", "YYYY-MM-DD"]),
        ({"evaluation__confidence": 95.0}, ["evaluation.confidence is 95.0", "less than 1"]),
        ({"window__batch_from": "2024-01-20"}, ["batch_from 2024-01-20 is before until"]),
    ],
)
def test_params_that_are_mistyped(
    project: Project, change: dict[str, Any], words: list[str]
) -> None:
    project.edit(**change)
    line = project.refuse("fetch")
    assert all(word in line for word in words), line


@pytest.mark.parametrize("content", [b"", b"seed: [1\n", b"\xff\xfe\x00", b"seed\n"])
def test_a_params_file_that_is_none(project: Project, content: bytes) -> None:
    (project.folder / "params.yaml").write_bytes(content)
    assert "`make params`" in project.refuse("fetch")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("classifer=linear_svm", ["classifer", "did you mean 'classifier'"]),
        ("classifier=perceptron", ["linear_svm logistic_regression", "the override"]),
        ("search.trails=3", ["search.trails", "did you mean 'trials'"]),
        ("search.trials=three", ["search.trials is 'three'"]),
    ],
)
def test_an_override_that_is_mistyped(project: Project, override: str, words: list[str]) -> None:
    line = project.refuse("params", override)
    assert all(word in line for word in words), line
    assert "file://" not in line


def test_a_conf_file_that_is_mistyped(project: Project) -> None:
    path = project.folder / "conf/drift/calibrated.yaml"
    whole = path.read_text()
    path.write_text(whole.replace("quorum:", "quorom:"))
    assert "did you mean 'quorum'" in project.refuse("params")
    path.write_text(whole + "quorum: [\n")
    assert "calibrated.yaml" in project.refuse("params")


def test_params_edited_by_hand_stop_a_run(project: Project) -> None:
    project.edit(seed=1)
    assert "make params" in project.refuse("run")


def test_another_folder_than_a_checkout(project: Project, tmp_path: Path) -> None:
    elsewhere = dataclasses.replace(project, folder=tmp_path)
    assert "the root of a clone" in elsewhere.refuse("fetch")
    assert "no dvc.yaml" in without(project, "dvc.yaml").refuse("fetch")
    assert "is not in a git repository" in project.refuse("compare")


def without(project: Project, name: str) -> Project:
    (project.folder / name).unlink()
    return project
