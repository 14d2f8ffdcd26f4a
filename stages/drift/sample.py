"""Messages as the drift room sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Some messages of one side.

    Attributes:
        ids: (n,) str.
        received_at: (n,) datetime64[us], UTC.
        embeddings: (n, dim) float32.
    """

    ids: NDArray[np.str_]
    received_at: NDArray[np.datetime64]
    embeddings: Float32

    def __len__(self) -> int:
        """Return the number of messages."""
        return len(self.ids)

    def by_id(self) -> Sample:
        """Return the same messages sorted by id: results then depend on no row order."""
        order = np.argsort(self.ids, kind="stable")
        return self.kept(order)

    def kept(self, rows: NDArray[Any]) -> Sample:
        """Return the messages of an index or a mask."""
        return Sample(self.ids[rows], self.received_at[rows], self.embeddings[rows])


@dataclass(frozen=True)
class Pooled:
    """Reference and window in the order of their ids.

    One order for both: what is computed from the pooled rows must not know whose they are.

    Attributes:
        embeddings: (n, dim) float32.
        in_window: (n,) bool.
        order: (n,) of each row in the reference's rows followed by the window's.
    """

    embeddings: Float32
    in_window: NDArray[np.bool_]
    order: NDArray[np.intp]


def pool(reference: Sample, window: Sample) -> Pooled:
    """Return the messages of both."""
    order = np.argsort(np.concatenate([reference.ids, window.ids]), kind="stable")
    embeddings = np.concatenate([reference.embeddings, window.embeddings])
    return Pooled(embeddings[order], order >= len(reference), order)
