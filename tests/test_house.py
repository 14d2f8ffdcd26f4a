"""The rooms hold: every contract between them is enforced, and nothing walks around them."""

from __future__ import annotations

import ast
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.application.use_cases import lint_imports
from importlinter.configuration import configure

# A module and what it must not say, for each contract by its id.
BREACHES = {
    "rooms": [
        # Upward, lazily, sideways between stages and between rooms, and for a type's sake alone.
        ("machine/files.py", "from stages.records.layout import Layout"),
        ("drift/verdict.py", "def later() -> None:\n    from stages.loop import retrain"),
        ("fetch.py", "from stages import embed"),
        ("mail/parse.py", "import stages.model.tables"),
        ("model/gate.py", "if TYPE_CHECKING:\n    from stages.registry.shelf import Shelf"),
        # A new room without a place.
        ("attic/__init__.py", '"""A new room."""'),
    ],
    "command-line": [("loop/retrain.py", "import click")],
    "composition": [("run/whole.py", "from omegaconf import OmegaConf")],
    "mlflow": [("registry/promotion.py", "from mlflow import MlflowClient")],
    "registry-adapter": [
        ("evaluate.py", "from stages.registry.mlflow.models import ModelRegistry")
    ],
    "dvc": [("run/whole.py", "from dvc.repo import Repo")],
    "programs": [("review/post.py", "import subprocess")],
    "one-client": [("stores/s3.py", "import boto3")],
    "github": [("loop/proposal.py", "from github import Github")],
    "forge-adapter": [("loop/proposal.py", "from stages.forge.github import GitHub")],
    "http": [("stores/delivery.py", "import requests")],
    "s3": [("mail/sources/files.py", "from s3fs import S3FileSystem")],
    "file-systems": [("replay/record.py", "import fsspec")],
    "database": [("dashboards/snapshot.py", "import sqlalchemy as sa")],
    "migrations": [("stack/postgres.py", "from alembic import command")],
    "postgres": [("stores/history/database.py", "import psycopg")],
    "encoder-libraries": [("model/scoring/features.py", "import torch")],
    "openvino": [("model/engines/exact.py", "import openvino.opset13")],
    "cluster": [("embed.py", "def later() -> None:\n    import ray")],
    "hub": [("model/engines/__init__.py", "import huggingface_hub")],
    "search": [("train.py", "import optuna")],
    "training": [("infer.py", "from stages.model.training.search import search")],
    "model-files": [("registry/shelf.py", "import skops.io")],
    "data-sets": [("fetch.py", "import datasets")],
    "drift-report": [("drift/verdict.py", "from evidently import Report")],
    "dashboard-libraries": [("review/pictures.py", "import plotly.graph_objects as go")],
    "stack-libraries": [("machine/files.py", "import psutil")],
}

# What vendors and files of others hand over as a mapping is read here, and handed on as a type.
READERS = (
    "stages/registry/mlflow/",
    "stages/versioning/",
    "stages/forge/",
    # YAML: conf/, params.yaml and dvc.yaml.
    "stages/config/",
    "stages/run/inputs.py",
    # Rows of tables that others wrote.
    "stages/mail/message.py",
    "stages/mail/sources/",
    # Answers of DVC, supervisor and S3, and what S3's client is asked with.
    "stages/run/experiments.py",
    "stages/stack/supervision.py",
    "stages/stores/delivery.py",
    "stages/stores/s3_check.py",
)

# Who spells a path below data/: the layout, and who names a folder inside a packed model.
SPELLING = {"stages/records/layout.py", "stages/registry/mlflow/packing.py"}


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's modules in a folder of their own, with what they must keep to."""
    copy = tmp_path_factory.mktemp("house")
    for path in modules(root):
        target = copy / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    shutil.copyfile(root / "pyproject.toml", copy / "pyproject.toml")
    return copy


def modules(root: Path) -> list[Path]:
    return sorted((root / "stages").rglob("*.py"))


@pytest.fixture(scope="module")
def trees(root: Path) -> dict[str, ast.Module]:
    """The syntax of every module, by its path."""
    return {
        path.relative_to(root).as_posix(): ast.parse(path.read_text()) for path in modules(root)
    }


def contracts(root: Path) -> list[str]:
    options = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    return [contract["id"] for contract in options["contracts"]]


def kept(copy: Path, monkeypatch: pytest.MonkeyPatch, *contracts: str) -> bool:
    """Whether the package in `copy` keeps `contracts`, or all; an error of the tool is raised."""
    # The tool looks a package up as an import would, which finds the one under test.
    monkeypatch.delitem(sys.modules, "stages")
    monkeypatch.syspath_prepend(copy)
    configure()
    return lint_imports(
        str(copy / "pyproject.toml"),
        limit_to_contracts=contracts,
        cache_dir=None,
        is_debug_mode=True,
        no_logo=True,
    )


def test_every_contract_is_kept(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept(copy, monkeypatch)


def test_every_contract_is_broken_below(root: Path) -> None:
    assert contracts(root) == list(BREACHES)


@pytest.mark.parametrize(
    ("contract", "module", "line"),
    [
        pytest.param(contract, *breach, id=f"{contract}-{breach[0]}")
        for contract, breaches in BREACHES.items()
        for breach in breaches
    ],
)
def test_a_breach_is_reported(
    copy: Path,
    contract: str,
    module: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = copy / "stages" / module
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{line}\n")
    try:
        assert not kept(copy, monkeypatch, contract)
        found = " ".join(capsys.readouterr().out.split())
        assert "0 kept, 1 broken" in found
        name = ".".join(Path("stages", module).with_suffix("").parts).removesuffix(".__init__")
        assert name in found
    finally:
        if before is None:
            shutil.rmtree(path.parent)
        else:
            path.write_text(before)


def test_git_is_called_by_one_module(trees: dict[str, ast.Module]) -> None:
    # Who starts programs is a contract's business; which program it is, a contract cannot see.
    calling = [
        path
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.List | ast.Tuple)
        and node.elts
        and isinstance(node.elts[0], ast.Constant)
        and node.elts[0].value == "git"
    ]
    assert calling == ["stages/versioning/git.py"]


def test_no_file_is_a_hall(root: Path) -> None:
    # Dashboards are written by a program; a wheel is a package in one file.
    lines = {
        path.relative_to(root).as_posix(): len(path.read_bytes().splitlines())
        for path in (root / "stages").rglob("*.*")
        if path.is_file() and path.suffix not in (".pyc", ".json", ".whl")
    }
    assert {path: n for path, n in lines.items() if n > 300} == {}


def test_no_function_is_longer_than_a_screen(trees: dict[str, ast.Module]) -> None:
    lengths = {
        f"{path}: {name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path, tree in trees.items()
        for name, node in functions(tree)
    }
    assert {name: n for name, n in lengths.items() if n > 50} == {}


def test_documents_travel_as_types(trees: dict[str, ast.Module]) -> None:
    found = {
        f"{path}: {name}"
        for path, tree in trees.items()
        if not path.startswith(READERS)
        for name, signature in signatures(tree)
        if re.search(r"\b(dict|Mapping)\[str, Any\]", signature)
    }
    assert sorted(found) == [], "a mapping of anything: make it a type in stages/records"


def test_no_module_changes_the_folder_or_the_output_of_the_process(
    trees: dict[str, ast.Module],
) -> None:
    forbidden = {"chdir", "fchdir", "redirect_stdout", "redirect_stderr"}
    found = {
        f"{path}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in forbidden)
        or (isinstance(node, ast.Name) and node.id in forbidden)
        or (isinstance(node, ast.alias) and node.name in forbidden)
    }
    assert found == set()


def test_only_the_layout_spells_paths(trees: dict[str, ast.Module]) -> None:
    found = {
        f"{path}:{line}: {text}"
        for path, tree in trees.items()
        if path not in SPELLING
        for line, text in strings(tree)
        # A sentence that names a path, for people, has blanks.
        if re.match(r"(\./)?data/", text) and " " not in text
    }
    assert found == set()


def functions(
    tree: ast.AST, owner: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield every function with its name in the module, `Class.method` or `outer.inner`."""
    for node in ast.iter_child_nodes(tree):
        name = owner
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{owner}{node.name}."
            yield name[:-1], node
        elif isinstance(node, ast.ClassDef):
            name = f"{owner}{node.name}."
        yield from functions(node, name)


def signatures(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the annotations of every function's signature, and of every class's fields."""
    for name, function in functions(tree):
        arguments = ast.unparse(function.args)
        returned = ast.unparse(function.returns) if function.returns else ""
        yield name, f"({arguments}) -> {returned}"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for field in node.body:
                if isinstance(field, ast.AnnAssign):
                    yield f"{node.name}.{ast.unparse(field.target)}", ast.unparse(field.annotation)


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string that is not a docstring or a sentence of a help text."""
    spoken = {
        id(part)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.keyword) and node.arg in ("details", "examples", "help"))
        for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in spoken
        ):
            yield node.lineno, node.value
