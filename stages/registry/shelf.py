"""Where a stage's models come from: it is handed a shelf and asks for a digest.

Stages know this module and none that opens a registry: the bytes are verified, so that a result
depends on the digest alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from stages.records.receipt import Receipt


@dataclass(frozen=True)
class Stored:
    """A model as a shelf stores it.

    Args:
        version: the registry's number for it.
        packed: the digest of all that is stored: model, code, requirements, `MLmodel`;
            None on a shelf of bare models.
    """

    version: str
    packed: str | None


class Shelf(Protocol):
    """Models by their digests."""

    def obtain(self, digest: str) -> Path:
        """Return a folder with the verified bytes of the model `digest`.

        Raises:
            RegistryError: the model is not available, or its bytes are others.
        """

    def register(self, receipt: Receipt, folder: Path, evidence: tuple[Path, ...]) -> Stored:
        """Put the model of `receipt` in `folder` on the shelf.

        Raises:
            RegistryError: the folder does not hold that model, or it cannot be stored.
        """
