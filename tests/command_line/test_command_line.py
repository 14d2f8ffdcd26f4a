"""What a person sees who mistypes: one line, status 2, nothing changed."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line.project import VERBS, Project, commands


def test_help_lists_every_verb_and_each_has_its_own(fetched: Project) -> None:
    from stages.__main__ import _parser

    said = fetched.do("--help")
    listed = re.findall(r"^    ([\w-]+)(?: |$)", said, re.M)
    assert sorted(listed) == sorted(VERBS)
    for verb in VERBS:
        with pytest.raises(SystemExit) as ended:
            _parser().parse_args([verb, "--help"])
        assert ended.value.code == 0
    assert "train,holdout,batch" in fetched.do("embed", "--help")


@pytest.mark.parametrize("arguments", [["fecth"], [], ["embed"], ["embed", "tomorrow"]])
def test_a_verb_that_is_none_is_status_2_with_the_usage(
    fetched: Project, arguments: list[str]
) -> None:
    status, out, err = fetched.run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("usage: python -m stages")
    assert "Traceback" not in err


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
    assert "DVC repository" in project.refuse("compare")


def without(project: Project, name: str) -> Project:
    (project.folder / name).unlink()
    return project
