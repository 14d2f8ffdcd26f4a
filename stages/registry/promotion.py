"""Promotion: an accepted candidate becomes the production model.

The pointer in git decides; MLflow's alias follows it. Every step can be repeated.
"""

from __future__ import annotations

from pathlib import Path

from stages import config
from stages.machine.console import say
from stages.machine.errors import GateError
from stages.records.pointer import (
    POINTER,
    Pointer,
    in_production,
    incumbent,
    read_pointer,
    write_pointer,
)
from stages.records.receipt import Receipt, read_receipt
from stages.registry.filling import fill_and_obtain
from stages.registry.mlflow.connect import open_registry
from stages.registry.mlflow.models import CHAMPION, ModelRegistry


def promote(registry: config.Registry) -> None:
    """Make the model of `data/register/receipt.json` the production model, and say so.

    Raises:
        GateError: the gate refused the candidate.
        RegistryError: there is no receipt, or the registry does not have the model.
    """
    receipt = read_receipt()
    move_pointer(receipt, open_registry(registry))
    say(f"promote: {receipt.model[:12]} is in production ({POINTER}, alias {CHAMPION})")


def move_pointer(receipt: Receipt, registry: ModelRegistry, path: Path = POINTER) -> Pointer:
    """Move the pointer at `path`, then the alias `champion`, to the model of `receipt`.

    Returns:
        The pointer as it now is.

    Raises:
        GateError: as for `successor`.
        RegistryError: the registry does not have the model; nothing has moved.
    """
    pointer = successor(read_pointer(path), receipt)
    fill_and_obtain(registry, receipt.model)
    write_pointer(pointer, path)
    registry.set_alias(CHAMPION, receipt.model)
    return pointer


def successor(before: Pointer, receipt: Receipt) -> Pointer:
    """Return the pointer that names the candidate of `receipt` instead of the model of `before`.

    Raises:
        GateError: the gate refused the candidate, or compared it with another model than the
            one that it would replace.
    """
    if not receipt.gate.accepted:
        raise GateError(
            f"the candidate {receipt.model[:12]} was refused: {receipt.gate.reasons[0]}",
            expected="a candidate that the gate accepted",
            fix="look at data/evaluate/metrics.json, improve the model or move the window, "
            "then `dvc repro`",
        )
    if receipt.champion != incumbent(before, receipt.model):
        raise GateError(
            f"the candidate {receipt.model[:12]} was compared with {_named(receipt.champion)}",
            expected=f"a comparison with what it would replace, {_named(before.model)}",
            fix="`dvc repro register`, then promote again",
        )
    previous = before.previous if before.model == receipt.model else before.model
    return Pointer(receipt.name, receipt.model, previous, receipt.achieved())


def _named(digest: str | None) -> str:
    return f"the model {digest[:12]}" if digest else "no model"


def publish(registry: config.Registry) -> None:
    """Let the registry hold the model in production under its alias, as the pointer says.

    After a merge or a revert on main; and on a clone, where nobody has promoted anything and DVC
    may have restored every stage's results.

    Raises:
        RegistryError: nothing is in production, or the model is to be had nowhere.
    """
    digest, _ = in_production()
    models = open_registry(registry)
    fill_and_obtain(models, digest)
    before = models.holder(CHAMPION)
    models.set_alias(CHAMPION, digest)
    if before != digest:
        say(f"publish: the alias {CHAMPION} names {digest[:12]}, before it {_named(before)}")


def vacate(path: Path = POINTER) -> None:
    """Let the pointer at `path` name no model, past or present: the next promotion is a first one.

    For a clone whose production model is to be had nowhere: evaluate then compares with nothing.
    """
    write_pointer(Pointer(read_pointer(path).name, model=None, previous=None), path)
