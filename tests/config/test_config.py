"""What a person who edits conf/ or params.yaml notices."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages import config
from stages.machine.errors import ConfigError


@pytest.fixture(scope="session")
def tree(root: Path) -> dict[str, Any]:
    return config.compose(conf=root / "conf")


def options(root: Path) -> list[str]:
    folders = [folder for folder in (root / "conf").iterdir() if folder.is_dir()]
    return sorted(f"{f.name}={o.stem}" for f in folders for o in f.glob("*.yaml"))


def test_every_option_of_every_group_composes_to_the_schema(root: Path) -> None:
    found = options(root)
    assert len(found) >= 15
    for override in found:
        config.compose([override], conf=root / "conf")


def test_params_yaml_is_the_composition_of_conf(root: Path) -> None:
    config.check_composition(root / "params.yaml", root / "conf")


def test_params_yaml_says_that_it_is_generated(root: Path) -> None:
    assert (root / "params.yaml").read_text().startswith(config.HEADER)


def test_a_params_file_that_differs_from_conf_is_refused(root: Path, tmp_path: Path) -> None:
    changed = yaml.safe_load((root / "params.yaml").read_text())
    changed["seed"] += 1
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(changed))
    with pytest.raises(ConfigError, match=r"seed.*make params"):
        config.check_composition(path, root / "conf")


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (("drift", "quorom"), 2, "unknown key drift.quorom, did you mean 'quorum'"),
        (("sead",), 1, "unknown key sead, did you mean 'seed'"),
        (("source", "versoin"), "1", "unknown key source.versoin, did you mean 'version'"),
        (("search", "trials"), "twelve", "search.trials is 'twelve'"),
        (("search", "trials"), 0, "search.trials is 0"),
        (("evaluation", "confidence"), 95.0, "evaluation.confidence is 95.0"),
        (("classifier", "kind"), "perceptron", "classifier"),
        (("window", "until"), "mid-August", "window.until is 'mid-August'"),
        (("window", "until"), "2002-07-09", "leaves nothing to train on"),
        (("window", "batch_to"), "2002-01-01", "is not before"),
        (("window", "batch_from"), "2002-07-20", "messages of the history"),
        (("classifier", "C"), [20.0, 0.05], "the first of the two must not be above the second"),
        (("classifier", "C"), [0.0, 1.0], "greater than"),
        (("features", "word_ngrams"), [3, 1], "the first of the two must not be above"),
        (("encoder", "hub"), "a/b", "exactly one of package and hub"),
    ],
)
def test_a_mistake_is_named_in_one_line(
    tree: dict[str, Any], where: tuple[str, ...], value: object, said: str
) -> None:
    changed = copy.deepcopy(tree)
    node = changed
    for key in where[:-1]:
        node = node[key]
    node[where[-1]] = value
    with pytest.raises(ConfigError) as caught:
        config.validate(changed, "params.yaml")
    line = str(caught.value)
    assert said in line
    assert "\n" not in line
    assert "fix: " in line


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("encoding", "utf8-mb4", "source.encoding is 'utf8-mb4': not the name of an encoding"),
        ("encoding", "base64", "not the name of an encoding, such as utf-8"),
        ("encoding", "locale", "not the name of an encoding"),
        ("delimiter", "\\t", "a tab is"),
        ("delimiter", "", "source.delimiter is '': not one character"),
        ("delimiter", '"', "not one character other than a quote"),
    ],
)
def test_how_files_are_read_is_checked(root: Path, key: str, value: str, said: str) -> None:
    changed = config.compose(["source=files"], conf=root / "conf")
    changed["source"][key] = value
    with pytest.raises(ConfigError) as caught:
        config.validate(changed, "params.yaml")
    assert said in str(caught.value)


def test_files_need_no_key_that_they_did_not_need_before(root: Path) -> None:
    tree = config.compose(["source=files"], conf=root / "conf")
    for key in ("encoding", "delimiter"):
        del tree["source"][key]
    del tree["source"]["columns"]["id"]
    source = config.validate(tree, "params.yaml").source
    assert isinstance(source, config.FilesSource)
    assert (source.encoding, source.delimiter, source.columns.id) == ("utf-8", ",", None)


def test_a_missing_key_is_named(tree: dict[str, Any]) -> None:
    changed = copy.deepcopy(tree)
    del changed["gate"]["min_holdout"]
    with pytest.raises(ConfigError, match=r"gate\.min_holdout is missing"):
        config.validate(changed, "params.yaml")


def test_an_unknown_group_option_is_one_line(root: Path) -> None:
    with pytest.raises(ConfigError, match="perceptron"):
        config.compose(["classifier=perceptron"], conf=root / "conf")


def test_no_params_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make params"):
        config.load(tmp_path / "params.yaml")


def test_a_params_file_that_is_not_yaml_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("seed: [1\n")
    with pytest.raises(ConfigError, match="YAML"):
        config.load(path)


def test_a_stage_cannot_read_what_dvc_yaml_does_not_declare(root: Path) -> None:
    @dataclass(frozen=True)
    class Greedy:
        encoder: config.Encoder
        seed: int

    with pytest.raises(ConfigError, match=r"stages\.embed\.params"):
        config.read("embed", Greedy, root / "params.yaml", root / "dvc.yaml")


@pytest.mark.parametrize("store", ["registry", "predictions", "history", "verdicts"])
def test_an_address_is_never_shown_for_it_may_hold_a_password(
    root: Path, tmp_path: Path, store: str
) -> None:
    changed = yaml.safe_load((root / "params.yaml").read_text())
    changed["stores"][store] = "postgresql+psycopg://me:secret@db/x"
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(changed))
    with pytest.raises(ConfigError, match=rf"stores\.{store}") as caught:
        config.check_composition(path, root / "conf")
    assert "secret" not in str(caught.value)
