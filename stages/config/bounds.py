"""Types that several sections share: strict dataclasses, bounded numbers and ranges."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, ConfigDict, Field

# Unknown keys are errors, and a number is not read from a string.
STRICT = ConfigDict(extra="forbid", strict=True)
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


Number = TypeVar("Number", int, float)


def rising(pair: list[Number]) -> list[Number]:
    """Return `pair`, unless its first number is above its second."""
    if pair[0] > pair[1]:
        raise ValueError("the first of the two must not be above the second")
    return pair


# Both ends of what is searched.
Range = Annotated[
    list[Annotated[float, Field(gt=0)]],
    Field(min_length=2, max_length=2),
    AfterValidator(rising),
]
IntRange = Annotated[list[Positive], Field(min_length=2, max_length=2), AfterValidator(rising)]
