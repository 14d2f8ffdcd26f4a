"""The model that turns text into vectors: `conf/encoder/`."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT, Positive, Sha256


@dataclass(frozen=True, config=STRICT)
class Encoder:
    """A model that embeds text: in an installed Python package, or on the hub."""

    name: str
    # An importable package with the model in `folder`, or null for the hub.
    package: str | None
    folder: str | None
    hub: str | None
    revision: str | None
    # The digest of `model.safetensors`, checked before the model is loaded.
    sha256: Sha256
    dim: Positive
    # Longer texts are cut before they are tokenized; characters.
    max_chars: Positive
    # What runs it, see `stages/model/engines/`.
    engine: Literal["sentence-transformers"] = "sentence-transformers"

    @model_validator(mode="after")
    def _one_place(self) -> Encoder:
        if (self.package is None) == (self.hub is None):
            raise ValueError("exactly one of package and hub must be set")
        return self
