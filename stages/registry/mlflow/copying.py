"""Moving from one registry to another, usually from the file of a checkout to a team's server."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from stages import config
from stages.machine.console import say, track
from stages.machine.errors import RegistryError
from stages.machine.variables import TRACKING_URI
from stages.registry.mlflow.connect import open_at
from stages.registry.mlflow.location import HOME, Location, locate
from stages.registry.mlflow.models import CHAMPION, ModelRegistry


def move_registry(params: config.Params, source: str | None) -> None:
    """Copy every model of the registry `source` into the configured one, and say what was done.

    Models that the target has already are left as they are, so a killed move is finished by the
    next one. Nothing is removed from the source.

    Args:
        params: name the registered model and the configured registry; the environment wins.
        source: MLflow's tracking URI; the embedded registry of this checkout by default.

    Raises:
        RegistryError: both are the same registry, the source has no models, or one cannot be
            reached.
    """
    name = params.registry.name
    here = dataclasses.replace(locate(source, {}), origin=True)
    there = locate(params.stores.registry)
    if here.uri.rstrip("/") == there.uri.rstrip("/"):
        raise RegistryError(
            f"source and target are one registry, {here.shown}",
            expected="two of them",
            fix=f"set {TRACKING_URI} to the registry that takes the models (`make env` writes "
            "it into .env), or name another --source",
        )
    models = _open_source(here, name)
    digests = models.models()
    if not digests:
        raise _empty(here, name)
    target = open_at(there, name)
    added = sum(
        _move(models, target, digest)
        for digest in track(digests, doing="moving models", total=len(digests))
    )
    say(
        f"move-registry: {added} of {len(digests)} models of {name} copied to "
        f"{there.shown}, {len(digests) - added} were there; {_move_alias(models, target)}"
    )


def _open_source(location: Location, name: str) -> ModelRegistry:
    # Opening an embedded registry makes its database where there is none.
    if location.embedded and not Path(location.uri.removeprefix("sqlite:///")).is_file():
        raise _empty(location, name)
    return open_at(location, name)


def _empty(location: Location, name: str) -> RegistryError:
    return RegistryError(
        f"the registry {location.shown} has no models of {name}",
        expected="a registry to copy from",
        fix=f"name one as --source (default: {HOME / 'mlflow.db'}), or correct registry.name",
    )


def _move(source: ModelRegistry, target: ModelRegistry, digest: str) -> bool:
    """Copy one model unless the target has it, verified on both sides; return whether it did."""
    if target.find(digest) is not None:
        target.verify(digest)
        return False
    with source.stored(digest) as registration:
        target.register(registration)
    return True


def _move_alias(source: ModelRegistry, target: ModelRegistry) -> str:
    """Copy the source's alias unless the target has one; return the words for people."""
    wanted, held = source.holder(CHAMPION), target.holder(CHAMPION)
    if held is None and wanted is not None:
        target.set_alias(CHAMPION, wanted)
        held = wanted
    return f"{CHAMPION} is {held[:12] if held else 'no model'}"
