"""Which messages count as copies of one another."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT


@dataclass(frozen=True, config=STRICT)
class Duplicates:
    """Near duplicates: MinHash over word shingles, clustered at a Jaccard similarity."""

    # Above 0.95 an index of few permutations has no two bands; below 0.05 everything is a copy.
    similarity: Annotated[float, Field(ge=0.05, le=0.95)]
    shingle_words: Annotated[int, Field(ge=1, le=100)]
    # Eight bytes each for every message; at 1,024 an estimate's standard error is 0.016.
    permutations: Annotated[int, Field(ge=16, le=1_024)]
