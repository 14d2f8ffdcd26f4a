"""Messages as a model takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Messages:
    """Messages as a model takes them, row by row.

    Attributes:
        embeddings: `(n, dim) float32`, L2-normalised.
        subjects: n subjects.
        texts: n bodies.
    """

    embeddings: np.ndarray
    subjects: Sequence[str]
    texts: Sequence[str]

    def __post_init__(self) -> None:
        sizes = {len(self.embeddings), len(self.subjects), len(self.texts)}
        if len(sizes) > 1:
            raise ValueError(
                f"embeddings ({len(self.embeddings)}), subjects ({len(self.subjects)}) and "
                f"texts ({len(self.texts)}) are not of the same messages"
            )
