"""The shelves of a checkout: the registry that is configured, and what DVC tracks."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stages import config
from stages.records.layout import HERE, Layout
from stages.records.receipt import Receipt
from stages.registry.registration import local_registration, registration_of
from stages.versioning.tracked import tracked_model

if TYPE_CHECKING:
    from stages.registry.mlflow.models import ModelRegistry


class RegistryShelf:
    """The registry that is configured; one that lacks a model which DVC tracks is filled first.

    So a fresh clone, whose registry is empty, works with the lock that it has.

    Args:
        configured: the model's name, and where the registry stands unless the environment says so.
        layout: the checkout.
    """

    def __init__(self, configured: config.Registry, layout: Layout = HERE) -> None:
        self._configured, self.layout = configured, layout

    @cached_property
    def registry(self) -> ModelRegistry:
        """The registry itself, connected when it is first asked for."""
        from stages.registry.mlflow.connect import open_registry

        return open_registry(self._configured, self.layout)

    def obtain(self, digest: str) -> Path:
        """See `Shelf`; the folder is a copy of what the registry holds."""
        if self.registry.find(digest) is None and (folder := tracked_model(self.layout, digest)):
            self.registry.register(local_registration(digest, folder, self.layout))
        return self.registry.obtain(digest)

    def register(self, receipt: Receipt, folder: Path, evidence: tuple[Path, ...]) -> str:
        """See `Shelf`."""
        return self.registry.register(registration_of(receipt.model, folder, receipt, evidence))


class TrackedShelf(RegistryShelf):
    """What DVC tracks, and the registry for the rest: an experiment needs no registry."""

    def obtain(self, digest: str) -> Path:
        """See `Shelf`; the folder is the workspace's own model, or a copy."""
        return tracked_model(self.layout, digest) or super().obtain(digest)
