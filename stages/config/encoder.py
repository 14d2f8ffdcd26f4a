"""The model that turns text into vectors, `conf/encoder/`, and what runs it, `conf/engine/`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from stages.config.bounds import (
    STRICT,
    Characters,
    Commit,
    Folder,
    HubName,
    Name,
    Package,
    Sha256,
)


@dataclass(frozen=True, config=STRICT)
class Encoder:
    """A model that embeds text: in an installed Python package, or on the hub."""

    name: Name
    # An installed package with the model in `folder`, or null for the hub.
    package: Package | None
    folder: Folder | None
    hub: HubName | None
    # The commit on the hub: the pinned weights come with files that say how they are run.
    revision: Commit | None
    # The digest of `model.safetensors`, checked before the model is loaded.
    sha256: Sha256
    # Four bytes each for every message.
    dim: Annotated[int, Field(ge=1, le=16_384)]
    # Longer texts are cut before they are tokenized; characters.
    max_chars: Characters
    # What is read of a text; null, as in older models, for as many as the model takes.
    max_tokens: Annotated[int, Field(ge=8, le=8_192)] | None = None
    # What runs it, see `stages/model/engines/`; the default is that of older models.
    engine: Literal["exact", "openvino", "sentence-transformers", "static"] = (
        "sentence-transformers"
    )

    @model_validator(mode="after")
    def _one_place(self) -> Encoder:
        if (self.package is None) == (self.hub is None):
            raise ValueError("exactly one of package and hub must be set")
        if self.hub is not None and self.revision is None:
            raise ValueError("a model of the hub needs its commit as the revision")
        return self
