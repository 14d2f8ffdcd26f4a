"""The environment of a checkout: the shell's variables, and those of `.env`.

`make env` writes `.env` and every verb reads it. It is the one place for addresses and credentials:
git ignores it, and a variable that is set in the shell wins over it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from io import StringIO
from pathlib import Path

from stages.machine.errors import ConfigError
from stages.machine.files import read_text
from stages.machine.variables import DVC_STAGE, EXPERIMENT, GITHUB_TOKEN

DOTENV = Path(".env")
# Of the file, and of any of its values: what Linux takes for one variable.
_MOST_BYTES = 100_000
# What a workflow may set to an empty value.
_OURS = ("AWS_", GITHUB_TOKEN, "MLFLOW_", "SPAMLINE_")


def in_experiment(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether DVC runs an experiment, which publishes nothing."""
    return bool(environment.get(EXPERIMENT))


def under_dvc(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether DVC runs this command, as that of a stage."""
    return bool(environment.get(DVC_STAGE))


def forget_empty(environment: MutableMapping[str, str] = os.environ) -> None:
    """Unset the variables of ours that are empty: a workflow sets all, whatever has a value."""
    for name in [name for name, value in environment.items() if not value]:
        if name.startswith(_OURS):
            del environment[name]


def load_environment(
    path: Path = DOTENV, environment: MutableMapping[str, str] = os.environ
) -> None:
    """Set the variables of the file at `path` that `environment` lacks, if there is such a file.

    Raises:
        ConfigError: the file cannot be read.
    """
    for name, value in read_environment(path).items():
        environment.setdefault(name, value)


def read_environment(path: Path = DOTENV) -> dict[str, str]:
    """Return the variables of the file at `path`, `${NAME}` replaced; empty without such a file.

    Raises:
        ConfigError: the file cannot be read.
    """
    if not path.exists():
        return {}
    from dotenv import dotenv_values

    fix = f"correct {path}, or remove it to go without"
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigError(
                f"{path} has more than {_MOST_BYTES:,} bytes", expected="a smaller file", fix=fix
            )
        # Not interpolated by dotenv, which would mix the shell's values with those of the file.
        values = dotenv_values(stream=StringIO(read_text(path)), interpolate=False)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read ({_words(error)})",
            expected="lines of NAME=VALUE that this user may read",
            fix=fix,
        ) from None
    given = {name: value for name, value in values.items() if value is not None}
    for name, value in given.items():
        if "\0" in name + value:
            raise ConfigError(
                f"{name!r} in {path} holds a NUL", expected="lines of NAME=VALUE", fix=fix
            )
    try:
        return {name: _resolved(value, given) for name, value in given.items()}
    except OverflowError:
        raise ConfigError(
            f"the values of {path} grow beyond {_MOST_BYTES:,} characters when their ${{NAME}} are "
            "replaced",
            expected="addresses and credentials",
            fix=fix,
        ) from None


def _words(error: OSError | ValueError) -> str:
    """Return what is wrong, without what is in the file: it holds passwords."""
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


def _resolved(value: str, given: Mapping[str, str]) -> str:
    for name, other in given.items():
        mark = f"${{{name}}}"
        # Before it is expanded: each name may stand for many of the next.
        if len(value) + value.count(mark) * len(other) > _MOST_BYTES:
            raise OverflowError
        value = value.replace(mark, other)
    return value
