"""The environment of a checkout: `.env`, which `make env` writes and every verb reads.

Addresses and credentials stand there and nowhere else: git ignores the file, and what is set in
the shell already wins over it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from stages.machine.errors import ConfigError
from stages.machine.variables import EXPERIMENT

DOTENV = Path(".env")


def in_experiment(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether this is an experiment of DVC, whose findings are its own business."""
    return bool(environment.get(EXPERIMENT))


def load_environment(
    path: Path = DOTENV, environment: MutableMapping[str, str] = os.environ
) -> None:
    """Set what the file at `path` says and `environment` does not; nothing where there is none.

    Raises:
        ConfigError: the file cannot be read.
    """
    for name, value in read_environment(path).items():
        environment.setdefault(name, value)


def read_environment(path: Path = DOTENV) -> dict[str, str]:
    """Return what the file at `path` says, `${NAME}` in it resolved; empty where there is none.

    Raises:
        ConfigError: the file cannot be read.
    """
    if not path.exists():
        return {}
    from dotenv import dotenv_values

    try:
        # Interpolated by hand of the file alone: the shell's values are not the stack's.
        values = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read ({type(error).__name__})",
            expected="lines of NAME=VALUE that this user may read",
            fix=f"correct {path}, or remove it to go without",
        ) from None
    given = {name: value for name, value in values.items() if value is not None}
    return {name: _resolved(value, given) for name, value in given.items()}


def _resolved(value: str, given: dict[str, str]) -> str:
    for name, other in given.items():
        value = value.replace(f"${{{name}}}", other)
    return value
