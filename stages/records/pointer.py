"""The production pointer: which model is in production, as a file that git tracks.

No stage writes it. A merged pull request (or `python -m stages promote`) moves it and reverting
that commit rolls back; MLflow's alias `champion` follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter

from stages.machine.errors import RegistryError
from stages.records.document import Digest, read_document, write_document
from stages.records.holdout import Holdout
from stages.records.layout import Layout


@dataclass(frozen=True)
class Pointer:
    """Which model is in production.

    Args:
        name: the registered model's name.
        model: the digest of the model in production; None before the first one.
        previous: the digest of the model that it replaced; None where there was none.
        holdout: what the model in production achieved on its holdout. None before the first one.
    """

    # It decides what goes into production: nothing is guessed, nothing passed over.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")

    name: str
    model: Digest | None
    previous: Digest | None
    holdout: Holdout | None = None

    def write(self, layout: Layout) -> None:
        """Write `layout.pointer`, whole or not at all."""
        write_document(_POINTER, layout.pointer, self)

    @classmethod
    def read(cls, layout: Layout) -> Pointer:
        """Return the pointer of the checkout `layout`.

        Raises:
            RegistryError: the file is missing, or is not a pointer.
        """
        return read_document(
            _POINTER,
            layout.pointer,
            error=RegistryError,
            expected="name, model and previous (a SHA-256 or null each), and losses on the holdout",
            fix=f"git checkout -- {layout.pointer}",
        )


_POINTER = TypeAdapter(Pointer)


def incumbent(pointer: Pointer, candidate: str) -> str | None:
    """Return the digest of the model that `candidate` is compared with, if there is one.

    A candidate that is already in production is compared with the model it replaced: promotion
    then changes nothing that evaluate says.
    """
    return pointer.previous if pointer.model == candidate else pointer.model


def in_production(layout: Layout) -> tuple[str, Holdout | None]:
    """Return the digest of the model in production, and what it achieved on its holdout if known.

    Raises:
        RegistryError: nothing is in production yet, or the file is not a pointer.
    """
    pointer = Pointer.read(layout)
    if pointer.model is None:
        raise RegistryError(
            f"{layout.pointer} names no model: nothing is in production yet",
            expected="the digest of an accepted model",
            fix="make run",
        )
    return pointer.model, pointer.holdout
