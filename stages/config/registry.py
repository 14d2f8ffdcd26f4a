"""What the model is called in the registry."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT


@dataclass(frozen=True, config=STRICT)
class Registry:
    """The registered model in MLflow; where the registry is: `Stores`."""

    # Also the name of the experiment that holds its runs.
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")]
