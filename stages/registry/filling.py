"""A registry that lacks a model is filled from what DVC tracks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stages.versioning.tracked import tracked_model

if TYPE_CHECKING:
    from stages.registry.mlflow.models import ModelRegistry


def fill_and_obtain(registry: ModelRegistry, digest: str) -> Path:
    """Return a folder with the verified bytes of the model `digest`, out of the registry.

    A registry that lacks it is filled first: every fresh clone has an empty registry beside a
    matching lock, and DVC skips register there.

    Raises:
        RegistryError: the model is not available anywhere, or its bytes are others.
        StoreError: DVC's remote may have it and cannot be asked.
    """
    if registry.find(digest) is None:
        with tracked_model(digest) as folder:
            return registry.obtain(digest, local=folder)
    return registry.obtain(digest)
