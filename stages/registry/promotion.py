"""Promotion: an accepted candidate becomes the production model.

The pointer in git decides; MLflow's alias follows it. Every step can be repeated.
"""

from __future__ import annotations

from stages import config
from stages.machine.console import say
from stages.machine.errors import GateError
from stages.records.layout import HERE, Layout
from stages.records.pointer import Pointer, in_production, incumbent
from stages.records.receipt import Receipt
from stages.registry.mlflow.models import CHAMPION
from stages.registry.shelves import RegistryShelf


def promote(registry: config.Registry, layout: Layout = HERE) -> None:
    """Make the model of `data/register/receipt.json` the production model, and say so.

    Raises:
        GateError: the gate refused the candidate.
        RegistryError: there is no receipt, or the registry does not have the model.
    """
    receipt = Receipt.read(layout)
    move_pointer(receipt, RegistryShelf(registry, layout))
    say(f"promote: {receipt.model[:12]} is in production ({layout.pointer}, alias {CHAMPION})")


def move_pointer(receipt: Receipt, models: RegistryShelf) -> Pointer:
    """Move the checkout's pointer, then the alias `champion`, to the model of `receipt`.

    Returns:
        The pointer as it now is.

    Raises:
        GateError: as for `successor`.
        RegistryError: the registry does not have the model as git names it; nothing has moved.
    """
    pointer = successor(Pointer.read(models.layout), receipt)
    named = models.vouched(receipt.model)
    pointer.write(models.layout)
    models.registry.set_alias(CHAMPION, receipt.model, named)
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
            fix="look at data/evaluate/report.json, improve the model or move the window, "
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


def publish(registry: config.Registry, layout: Layout = HERE) -> None:
    """Let the registry hold the model in production under its alias, as the pointer says.

    After a merge or a revert on main; and on a clone, where nobody has promoted anything and DVC
    may have restored every stage's results.

    Raises:
        RegistryError: nothing is in production, the model is not available anywhere, or what the
            registry would serve is not what a receipt in git names.
    """
    digest, _ = in_production(layout)
    models = RegistryShelf(registry, layout)
    named = models.vouched(digest)
    before = models.registry.holder(CHAMPION)
    models.registry.set_alias(CHAMPION, digest, named)
    if before is None or before.model != digest:
        held = _named(before.model if before else None)
        say(f"publish: the alias {CHAMPION} names {digest[:12]}, before it {held}")
    elif before.packed and before.packed not in named:
        say(f"publish: the alias {CHAMPION} named {digest[:12]} with other code than git names")


def vacate(layout: Layout = HERE) -> None:
    """Let the pointer name no model, past or present: the next promotion is a first one.

    For a clone whose production model is not available: evaluate then compares with nothing.
    """
    name = Pointer.read(layout).name
    Pointer(name, model=None, previous=None).write(layout)
