"""Reading `params.yaml`: a stage gets the sections that `dvc.yaml` declares, and no others."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from stages.config.params import Params
from stages.config.validation import validate
from stages.config.yaml_text import parse, read_text
from stages.machine.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PARAMS = Path("params.yaml")
DVC = Path("dvc.yaml")

S = TypeVar("S", bound="DataclassInstance")


def load(path: Path = PARAMS) -> Params:
    """Return the validated `params.yaml`."""
    return validate(read_yaml(path, fix="run `make params`"), str(path))


def read_yaml(path: Path, *, fix: str) -> Any:
    """Return the content of a YAML file.

    Raises:
        ConfigError: there is no such file, or it is not YAML as `parse` takes it; `fix` is the way
            out.
    """
    return parse(read_text(path, fix=fix), str(path), fix=fix)


def declarations(path: Path = DVC) -> dict[str, dict[str, Any]]:
    """Return the entry of each stage in `dvc.yaml`.

    Raises:
        ConfigError: there is no such file, or it is not YAML, or has no stages.
    """
    fix = f"git checkout -- {path}"
    tree = read_yaml(path, fix=fix)
    stages = tree.get("stages") if isinstance(tree, dict) else None
    if not isinstance(stages, dict) or not all(map(_is_entry, stages.values())):
        raise ConfigError(f"{path} has no `stages:`", expected="a mapping for each stage", fix=fix)
    return stages


def _is_entry(entry: object) -> bool:
    """Return whether `entry` is laid out as a stage of `dvc.yaml`, as far as it is read here."""
    if not isinstance(entry, dict) or not isinstance(body := entry.get("do", entry), dict):
        return False
    lists = [entry.get("foreach", []), *(body.get(key, []) for key in _LISTS)]
    return all(isinstance(found, list) for found in lists)


_LISTS = ("deps", "params", "outs", "metrics")


def declared_sections(stage: str, path: Path = DVC) -> set[str]:
    """Return the sections of `params.yaml` that `stage` declares in `dvc.yaml`.

    Raises:
        ConfigError: as for `declarations`, or it has no such stage.
    """
    stages = declarations(path)
    if stage not in stages:
        raise ConfigError(
            f"{path} has no stage {stage}",
            expected="the seven stages of the pipeline",
            fix=f"git checkout -- {path}",
        )
    entry = stages[stage]
    return set(map(str, entry.get("do", entry).get("params", [])))


def read(stage: str, view: type[S], path: Path = PARAMS, pipeline: Path = DVC) -> S:
    """Return the sections of `params.yaml` that `view` names, for `stage`.

    The whole file is validated first. `view` must name exactly what `dvc.yaml` declares for the
    stage: reading an undeclared section would make DVC say "up to date" over a stale result.

    Args:
        stage: a stage of `dvc.yaml`.
        view: a dataclass whose fields are sections of `Params`.
        path: the params file.
        pipeline: the file of the declarations.

    Raises:
        ConfigError: see `validate`; or `view` and `dvc.yaml` disagree.
    """
    params = load(path)
    wanted = {field.name for field in fields(view)}
    declared = declared_sections(stage, pipeline)
    if wanted != declared:
        raise ConfigError(
            f"stage {stage} reads {sorted(wanted)}, dvc.yaml declares {sorted(declared)}",
            expected="the same sections",
            fix=f"edit stages.{stage}.params in dvc.yaml",
        )
    return sections(view, params)


def sections(view: type[S], params: Params) -> S:
    """Return the sections of `params` that `view` names."""
    return view(**{field.name: getattr(params, field.name) for field in fields(view)})
