"""YAML that would hang, fill the memory or raise: one line, at once."""

from __future__ import annotations

import functools
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stages import config
from stages.config.yaml_text import MOST_BYTES
from stages.machine.environment import read_environment
from stages.machine.errors import ConfigError
from stages.records.layout import Layout
from stages.review.facts import parameters
from stages.versioning.dvc import repository

LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
)
# What YAML allows, or its parser stumbles over, and what the error says of it.
HOSTILE = {
    "laughs": (LAUGHS, "aliases expanded"),
    "merges": (MERGES, "aliases expanded"),
    "endless": ("a: &a [*a]", "an alias of nothing before it"),
    "deep": ("[" * 90_000, "more than 30 levels"),
    "deep-mappings": ("{a: " * 20_000, "more than 30 levels"),
    "deep-block": ("- " * 40_000, "more than 30 levels"),
    "many": ("[" + "1," * 45_000 + "]", "keys and values"),
    "large": ("x" * (MOST_BYTES + 1), "bytes"),
    "documents": ("---\na\n" * 15_000, "a second document in line 3"),
    "twice": ("seed: 1\nregistry: {}\nseed: 2\n", "the key seed twice in line 3"),
    "twice-below": ("a:\n  b: 1\n  b: 1\n", "the key b twice in line 3"),
    "number-key": ("1: x", "the key 1 is not a text"),
    "null-key": ("null: x", "the key None is not a text"),
    "date-key": ("2002-08-19: x", "the key 2002-08-19 is not a text"),
    "list-key": ("? [a]\n: x", "a key that is not a text in line 1"),
    "digits": (f"seed: {'9' * 5_000}", "4300 digits"),
    "sixties": (f"seed: 1{':59' * 500}.0", "too large"),
    "date": ("window: {start: 9999-99-99}", "month must be in 1..12"),
    "timestamp": ("!!timestamp soon", "that is not one"),
    "integer": ('!!int ""', "that is not one"),
    "boolean": ("!!bool x", "that is not one"),
    "object": ("!!python/object/apply:os.system [touch pwned]", "constructor"),
    "tag": ("!" * 90_000, "constructor"),
    "escape": ("a: \x1b[31m", "not allowed"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_params_are_one_line_at_once(case: str, tmp_path: Path) -> None:
    text, said = HOSTILE[case]
    path = tmp_path / "params.yaml"
    path.write_text(text)
    line = refused(lambda: config.load(path))
    assert said in line
    assert "make params" in line


@pytest.mark.parametrize("case", ["laughs", "deep", "large", "twice", "digits", "endless"])
@pytest.mark.parametrize("name", ["config.yaml", "encoder/minilm.yaml", "encoder/other.yaml"])
def test_hydra_is_not_given_a_hostile_file(
    root: Path, tmp_path: Path, case: str, name: str
) -> None:
    text, said = HOSTILE[case]
    conf = shutil.copytree(root / "conf", tmp_path / "conf")
    (conf / name).write_text(text)
    line = refused(lambda: config.compose(conf=conf))
    assert said in line
    assert str(conf / name) in line


@pytest.mark.parametrize("case", ["laughs", "deep", "large", "number-key"])
def test_dvc_and_the_review_are_not_given_a_hostile_file(case: str, tmp_path: Path) -> None:
    text, said = HOSTILE[case]
    layout = Layout(tmp_path)
    layout.pipeline.write_text(text)
    assert said in refused(lambda: repository(layout).__enter__())
    # An old commit may have one: the review goes on without its parameters.
    assert parameters(text.encode()) == {}


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "stages:", "stages: []", "stages: {embed: }", "stages: {embed: {do: []}}"),
        *("stages: {embed: {params: x}}", "stages: {embed: {foreach: 3}}", "stages: {}"),
    ],
)
def test_a_pipeline_without_stages_is_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "dvc.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"dvc\.yaml has no .*git checkout"):
        config.declared_sections("embed", path)


def test_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    with path.open("wb") as stream:
        stream.truncate(2**30)
    assert "bytes" in refused(lambda: config.load(path))
    environment = path.rename(tmp_path / ".env")
    assert "bytes" in refused(lambda: read_environment(environment))


def test_what_is_not_a_file_is_not_waited_for(tmp_path: Path) -> None:
    for make in (os.mkfifo, os.mkdir):
        path = tmp_path / f"{make.__name__}.yaml"
        make(path)
        assert "is not a file" in refused(functools.partial(config.load, path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # The other way round each name would be replaced before it is needed.
        ("".join(f"A{n}={f'${{A{n + 1}}}' * 9}\n" for n in range(12)) + "A12=x", "grow beyond"),
        ("A=" + "x" * 200_000, "bytes"),
        ("A=a\0b", "holds a NUL"),
        ("A\0=a", "holds a NUL"),
    ],
)
def test_a_hostile_environment_is_one_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(text)
    assert said in refused(lambda: read_environment(path))


def test_anchors_and_merges_that_are_small_are_taken() -> None:
    text = "a: &a {x: 1, y: [1, 2]}\nb: {<<: *a, x: 2}\nc: *a\n"
    assert config.parse(text, "x.yaml", fix="") == {
        "a": {"x": 1, "y": [1, 2]},
        "b": {"x": 2, "y": [1, 2]},
        "c": {"x": 1, "y": [1, 2]},
    }


def refused(call: Callable[[], object]) -> str:
    """The one line that `call` raises, within a second or two of a busy machine."""
    began = time.process_time()
    with pytest.raises(ConfigError) as caught:
        call()
    assert time.process_time() - began < 2
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 1_000
    return line
