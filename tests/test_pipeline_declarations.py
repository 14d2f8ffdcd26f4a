"""`dvc.yaml` declares what a result depends on: else DVC calls a stale one up to date."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages.registry.mlflow.packing import CODE

STAGES = ["fetch", "embed", "train", "evaluate", "register", "infer", "monitor"]
# They put no byte into an output: errors, what people see, where things are (paths, kept files,
# stores, the table of variables; DVC knows the paths of a stage), models that are verified by their
# digest, and params, which DVC tracks by value.
PLUMBING = {
    "stages/__init__.py",
    "stages/machine/address.py",
    "stages/machine/cache.py",
    "stages/machine/console.py",
    "stages/machine/environment.py",
    "stages/machine/errors.py",
    "stages/machine/faults.py",
    "stages/machine/redaction.py",
    "stages/machine/variables.py",
    "stages/records/layout.py",
    "stages/registry/shelf.py",
    "stages/stores/s3.py",
}


@pytest.fixture(scope="session")
def stages(root: Path) -> dict[str, dict[str, Any]]:
    declared = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    return {name: entry.get("do", entry) for name, entry in declared.items()}


def imported(root: Path, module: Path) -> Iterator[Path]:
    """The project's modules that `module` imports anywhere, lazily too, but not for types only."""
    for node in executed(ast.parse((root / module).read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stages"):
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [str(node.module)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("stages")]
        else:
            continue
        for name in names:
            path = Path(*name.split("."))
            for candidate in (path.with_suffix(".py"), path / "__init__.py"):
                if (root / candidate).is_file():
                    yield candidate


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below `node`, without what is under `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield child
            yield from executed(child)


def closure(root: Path, module: Path) -> set[str]:
    seen: set[Path] = set()
    waiting = [module]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(imported(root, current))
    return {path.as_posix() for path in seen}


def packed(stage: str) -> set[str]:
    """What the register stage packs with a model, and the modules and pins that say so."""
    if stage != "register":
        return set()
    adapter = {f"stages/registry/mlflow/{name}.py" for name in ("packing", "requirements")}
    return {f"stages/{name}" for name in CODE} | adapter | {"constraints.txt"}


def covered(path: str, declared: list[str]) -> bool:
    return any(path == entry or path.startswith(f"{entry}/") for entry in declared)


def test_the_seven_stages_are_there_by_name(stages: dict[str, Any]) -> None:
    assert list(stages) == STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_depends_on_an_address_or_a_cluster(stages: dict[str, Any], stage: str) -> None:
    places = {"stores", "compute"}
    assert not {p for p in stages[stage]["params"] if p.partition(".")[0] in places}


@pytest.mark.parametrize("stage", STAGES)
def test_every_module_that_shapes_a_result_is_declared(
    root: Path, stages: dict[str, Any], stage: str
) -> None:
    needed = closure(root, Path(f"stages/{stage}.py")) - PLUMBING
    needed = {path for path in needed if not path.startswith("stages/config/")}
    needed = {path for path in needed if (root / path).read_text().count("\n") > 1}
    needed |= packed(stage)
    missing = sorted(path for path in needed if not covered(path, stages[stage]["deps"]))
    assert not missing, f"add to stages.{stage}.deps in dvc.yaml: {missing}"


@pytest.mark.parametrize("stage", STAGES)
def test_no_declared_module_is_unused(root: Path, stages: dict[str, Any], stage: str) -> None:
    needed = closure(root, Path(f"stages/{stage}.py")) | packed(stage)
    code = [entry for entry in stages[stage]["deps"] if entry.startswith("stages/")]
    assert all(any(covered(path, [entry]) for path in needed) for entry in code)


@pytest.mark.parametrize("stage", STAGES)
def test_every_data_path_in_an_edge_is_declared(
    root: Path, stages: dict[str, Any], stage: str
) -> None:
    text = (root / f"stages/{stage}.py").read_text()
    paths = {path.rstrip("/") for path in re.findall(r'Path\(f?"(data/[^"]*)"\)', text)}
    entry = stages[stage]
    outs = [next(iter(o)) if isinstance(o, dict) else o for o in entry.get("outs", [])]
    outs += [next(iter(m)) for m in entry.get("metrics", [])]
    declared = [re.sub(r"\$\{item\}", "*", path) for path in [*entry["deps"], *outs]]
    untracked = {"data/monitor/report.html"}
    for path in paths - untracked:
        pattern = re.sub(r"\{\w+\}", "*", path)
        known = (f"{pattern}/", pattern.split("*")[0])
        assert any(pattern == d or d.startswith(known) for d in declared), path
