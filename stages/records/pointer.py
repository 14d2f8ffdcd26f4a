"""The production pointer: which model is in production, as a file that git tracks.

No stage writes it. A merged pull request (or `python -m stages promote`) moves it and reverting
that commit rolls back; MLflow's alias `champion` follows.
"""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass
from pathlib import Path

from stages.machine.errors import RegistryError
from stages.machine.files import read_json, write_json
from stages.records.holdout import Holdout

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Pointer:
    """Which model is in production.

    Args:
        name: the registered model's name.
        model: the digest of the model in production; None before the first one.
        previous: the digest of the model that it replaced; None where there was none.
        holdout: what the model in production achieved on its holdout. None before the first one.
    """

    name: str
    model: str | None
    previous: str | None
    holdout: Holdout | None = None


def incumbent(pointer: Pointer, candidate: str) -> str | None:
    """Return the digest of the model that `candidate` is compared with, if there is one.

    A candidate that is already in production is compared with the model it replaced: promotion
    then changes nothing that evaluate says.
    """
    return pointer.previous if pointer.model == candidate else pointer.model


def read_pointer(path: Path) -> Pointer:
    """Return the pointer at `path`.

    Raises:
        RegistryError: the file is missing, or is not a pointer.
    """
    try:
        content = read_json(path)
    except FileNotFoundError:
        raise _malformed(path, "it does not exist") from None
    except (OSError, ValueError) as error:
        raise _malformed(path, str(error)) from None
    if problem := _problem(content):
        raise _malformed(path, problem)
    holdout = content["holdout"]
    return Pointer(**{**content, "holdout": Holdout(**holdout) if holdout else None})


def in_production(path: Path) -> tuple[str, Holdout | None]:
    """Return the digest of the model in production, and what it achieved on its holdout if known.

    Raises:
        RegistryError: nothing is in production yet, or the file is not a pointer.
    """
    pointer = read_pointer(path)
    if pointer.model is None:
        raise RegistryError(
            f"{path} names no model: nothing is in production yet",
            expected="the digest of an accepted model",
            fix="make run",
        )
    return pointer.model, pointer.holdout


def write_pointer(pointer: Pointer, path: Path) -> None:
    """Write `pointer` to `path`, whole or not at all."""
    write_json(path, dataclasses.asdict(pointer))


def _problem(content: object) -> str | None:
    """Return what keeps `content` from being a pointer, or None."""
    keys = {field.name for field in dataclasses.fields(Pointer)}
    if not isinstance(content, dict) or set(content) != keys:
        return "its keys differ"
    if not isinstance(content["name"], str):
        return f"its name is {content['name']!r}"
    for key in ("model", "previous"):
        value = content[key]
        if value is not None and not (isinstance(value, str) and _DIGEST.fullmatch(value)):
            return f"its {key} is {value!r}"
    return _holdout_problem(content["holdout"])


def _holdout_problem(holdout: object) -> str | None:
    if holdout is None:
        return None
    keys = {field.name for field in dataclasses.fields(Holdout)}
    if not isinstance(holdout, dict) or set(holdout) != keys:
        return f"its holdout is {holdout!r}"
    for key, value in holdout.items():
        fewest = 1 if key in ("ham", "spam") else 0
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and fewest <= value < math.inf):
            return f"its holdout's {key} is {value!r}"
    return None


def _malformed(path: Path, problem: str) -> RegistryError:
    return RegistryError(
        f"{path} is not a production pointer: {problem}",
        expected="name, model and previous (a SHA-256 or null each), and losses on the holdout",
        fix=f"git checkout -- {path}",
    )
