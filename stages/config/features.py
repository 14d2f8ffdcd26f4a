"""What the classifier sees: `conf/features/`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT, Characters, Ngrams


@dataclass(frozen=True, config=STRICT)
class Features:
    """What the classifier sees of a message."""

    embedding: bool
    # TF-IDF of word and character n-grams, hashed.
    words: bool
    characters: bool
    word_ngrams: Ngrams
    character_ngrams: Ngrams
    # Columns of each hashed block, as a power of two.
    hash_bits: Annotated[int, Field(ge=8, le=22)]
    # The weight of the embedding's unit vector; a TF-IDF block's is 1. Beyond a thousandfold, one
    # of the two is not seen at all.
    embedding_weight: Annotated[float, Field(ge=1e-3, le=1e3)]
    # Whether the collection's own marks (list tags, footers, redactions) are cut from that text.
    scrub: bool
    # Longer texts are cut before TF-IDF; characters.
    max_chars: Characters

    @model_validator(mode="after")
    def _something(self) -> Features:
        if not (self.embedding or self.words or self.characters):
            raise ValueError("one of embedding, words and characters must be true")
        return self
