"""Moving from one registry to another, usually from the file of a checkout to a team's server."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from stages import config
from stages.machine.console import say, track
from stages.machine.errors import RegistryError
from stages.machine.variables import TRACKING_URI
from stages.records.layout import HERE, Layout
from stages.registry.mlflow.connect import open_at
from stages.registry.mlflow.location import Location, locate
from stages.registry.mlflow.models import CHAMPION, ModelRegistry
from stages.registry.registration import Identity
from stages.versioning.receipts import packings


def move_registry(params: config.Params, source: str | None, layout: Layout = HERE) -> None:
    """Copy every model of the registry `source` into the configured one, and say what was done.

    Models that the target has already are left as they are, so a killed move is finished by the
    next one. Nothing is removed from the source.

    Args:
        params: name the registered model and the configured registry; the environment wins.
        source: MLflow's tracking URI; the embedded registry of this checkout by default.
        layout: the checkout.

    Raises:
        RegistryError: both are the same registry, the source has no models, or one cannot be
            reached.
    """
    name = params.registry.name
    here = dataclasses.replace(locate(source, {}, layout), origin=True)
    there = locate(params.stores.registry, layout=layout)
    if here.uri.rstrip("/") == there.uri.rstrip("/"):
        raise RegistryError(
            f"source and target are one registry, {here.shown}",
            expected="two of them",
            fix=f"set {TRACKING_URI} to the registry that takes the models (`make env` writes "
            "it into .env), or name another --source",
        )
    source_models = _open_source(here, name)
    registered = source_models.models()
    if not registered:
        raise _empty(here, name)
    wanted = _vouched(registered, layout, here, name)
    target = open_at(there, name)
    added = sum(
        _move(source_models, target, identity)
        for identity in track(wanted, doing="moving models", total=len(wanted))
    )
    left = len(registered) - len(wanted)
    say(
        f"move-registry: {added} of {len(wanted)} models of {name} copied to "
        f"{there.shown}, {len(wanted) - added} were there; "
        + (f"{left} with other code than a receipt in git names left out; " if left else "")
        + _move_alias(source_models, target, wanted)
    )


def _vouched(
    registered: list[Identity], layout: Layout, location: Location, name: str
) -> list[Identity]:
    """Return what may be moved: where receipts name a model's code, only what they name.

    A model that no receipt names has its own registry's word alone; it may be moved, and never
    becomes the champion by `publish`.

    Raises:
        RegistryError: a model would be left out altogether.
    """
    named = {identity.model: packings(layout, identity.model) for identity in registered}
    wanted = [
        one for one in registered if not named[one.model] or one.packed in {None, *named[one.model]}
    ]
    for lost in named.keys() - {one.model for one in wanted}:
        raise RegistryError(
            f"the registry {location.shown} holds other code or requirements beside the model "
            f"{lost[:12]} than a receipt in git names",
            expected=" or ".join(f"the packed digest {one[:12]}" for one in sorted(named[lost])),
            fix=location.fix_for_damage(name),
        )
    return wanted


def _open_source(location: Location, name: str) -> ModelRegistry:
    # Opening an embedded registry makes its database where there is none.
    if location.embedded and not Path(location.uri.removeprefix("sqlite:///")).is_file():
        raise _empty(location, name)
    return open_at(location, name)


def _empty(location: Location, name: str) -> RegistryError:
    return RegistryError(
        f"the registry {location.shown} has no models of {name}",
        expected="a registry to copy from",
        fix=f"name one as --source (default: {location.home / 'mlflow.db'}), or correct "
        "registry.name",
    )


def _move(source: ModelRegistry, target: ModelRegistry, identity: Identity) -> bool:
    """Copy one version unless the target has it, verified on both sides; return whether it did."""
    held = target.find(identity.model, identity.named)
    if held is not None:
        target.verify(identity)
        return False
    with source.stored(identity) as registration:
        target.register(registration)
    return True


def _move_alias(source: ModelRegistry, target: ModelRegistry, moved: list[Identity]) -> str:
    """Copy the source's alias unless the target has one; return the words for people."""
    wanted, held = source.holder(CHAMPION), target.holder(CHAMPION)
    if held is None and wanted in moved:
        target.set_alias(CHAMPION, wanted.model, wanted.named)
        held = wanted
    return f"{CHAMPION} is {held.model[:12] if held else 'no model'}"
