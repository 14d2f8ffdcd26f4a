"""How hyper-parameters are searched, and where the verdict is cut."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT


@dataclass(frozen=True, config=STRICT)
class Search:
    """The seeded hyper-parameter search: trials of k-fold cross-validation."""

    # A trial fits `folds` models.
    trials: Annotated[int, Field(ge=1, le=10_000)]
    folds: Annotated[int, Field(ge=2, le=100)]


@dataclass(frozen=True, config=STRICT)
class OperatingPoint:
    """Where the verdict is cut: the share of training ham that may be called spam."""

    ham_false_positive_rate: Annotated[float, Field(gt=0, lt=1)]
