"""The shelves of a checkout: the registry that is configured, and what DVC tracks."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stages import config
from stages.machine.errors import RegistryError
from stages.machine.files import tree_digest
from stages.records.layout import HERE, Layout
from stages.records.receipt import Receipt
from stages.registry.registration import local_registration, registration_of
from stages.registry.shelf import Stored
from stages.versioning.receipts import packings
from stages.versioning.tracked import tracked_model

if TYPE_CHECKING:
    from stages.registry.mlflow.models import ModelRegistry


def packed_digest(folder: Path) -> str:
    """Return the packed digest of the model in `folder`, with the code and packages of here."""
    from stages.registry.mlflow.connect import quiet_environment
    from stages.registry.mlflow.packing import packed_here

    quiet_environment()
    with packed_here(folder) as packed:
        return tree_digest(packed)


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
        """See `Shelf`; the folder is a copy of what the registry holds.

        Code and requirements beside it must be what receipts name, if any names the model.
        """
        named = packings(self.layout, digest)
        if self.registry.find(digest, named) is None:
            named |= self._filled(digest)
        return self.registry.obtain(digest, named)

    def register(self, receipt: Receipt, folder: Path, evidence: tuple[Path, ...]) -> Stored:
        """See `Shelf`."""
        return self.registry.register(registration_of(receipt.model, folder, receipt, evidence))

    def vouched(self, digest: str) -> frozenset[str]:
        """Return the packings of the model `digest` that may be served, one of them stored.

        A receipt names them, or the model was packed here and now, with this checkout's code.

        Raises:
            RegistryError: neither is so; or what is stored has other bytes.
        """
        named = packings(self.layout, digest)
        if not named or self.registry.find(digest, named) is None:
            named |= self._filled(digest)
        # Whether it is there at all comes first.
        self.registry.obtain(digest, named)
        if not named:
            raise RegistryError(
                f"no receipt in git names the code and requirements of the model {digest[:12]}",
                expected="the receipt of its registration, or the model itself in DVC's cache",
                fix="`make pull`, the whole history (`git fetch --unshallow`), or "
                "`dvc repro register` and a commit of its receipt",
            )
        return named

    def _filled(self, digest: str) -> frozenset[str]:
        """Register the model `digest` as DVC tracks it; return its packing, if DVC has it."""
        folder = tracked_model(self.layout, digest)
        if folder is None:
            return frozenset()
        stored = self.registry.register(local_registration(digest, folder, self.layout))
        return frozenset({str(stored.packed)})


class TrackedShelf(RegistryShelf):
    """What DVC tracks, and the registry for the rest: an experiment needs no registry."""

    def obtain(self, digest: str) -> Path:
        """See `Shelf`; the folder is the workspace's own model, or a copy."""
        return tracked_model(self.layout, digest) or super().obtain(digest)
