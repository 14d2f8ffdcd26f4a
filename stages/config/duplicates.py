"""Which messages count as copies of one another."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT, Positive


@dataclass(frozen=True, config=STRICT)
class Duplicates:
    """Near duplicates: MinHash over word shingles, clustered at a Jaccard similarity."""

    similarity: Annotated[float, Field(gt=0, lt=1)]
    shingle_words: Positive
    permutations: Annotated[int, Field(ge=16)]
