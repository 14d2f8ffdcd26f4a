"""Reading `params.yaml`: a stage gets the sections that `dvc.yaml` declares, and no others."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from stages.config.params import Params
from stages.config.validation import validate
from stages.machine.errors import ConfigError
from stages.machine.redaction import yaml_fault

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
        ConfigError: there is no such file, or it is not YAML; `fix` is the way out.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"no {path} in {Path.cwd()}", expected="the root of a clone", fix=fix
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        # Its own words quote the file, which may hold a password.
        line = yaml_fault(error)
        raise ConfigError(f"{path}: {line}", expected="YAML", fix=fix) from error


def declarations(path: Path = DVC) -> dict[str, dict[str, Any]]:
    """Return the entry of each stage in `dvc.yaml`.

    Raises:
        ConfigError: there is no such file, or it is not YAML.
    """
    stages: dict[str, dict[str, Any]] = read_yaml(path, fix=f"git checkout -- {path}")["stages"]
    return stages


def declared_sections(stage: str, path: Path = DVC) -> set[str]:
    """Return the sections of `params.yaml` that `stage` declares in `dvc.yaml`."""
    entry = declarations(path)[stage]
    return set(entry.get("do", entry).get("params", []))


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
