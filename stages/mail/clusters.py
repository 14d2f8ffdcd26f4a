"""Clusters of messages, joined pair by pair: disjoint sets in four bytes a message."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from stages.mail.runs import Places


class Clusters:
    """Disjoint sets of the places 0 to n - 1; the root of a set is its first place.

    Args:
        first: (n,) int32, a place of each one's set that is not behind it; changed from then on.
    """

    def __init__(self, first: Places) -> None:
        self._up = first

    def roots(self, places: ArrayLike) -> Places:
        """Return the root of each of `places`."""
        places = np.asarray(places)
        found: Places = self._up[places]
        while (above := self._up[found]).tobytes() != found.tobytes():
            found = above
        # The next search is a step long.
        self._up[places] = found
        return found

    def join(self, places: ArrayLike) -> None:
        """Make one set of all that `places` are in."""
        roots = self.roots(places)
        self._up[roots] = roots.min()

    def firsts(self) -> Places:
        """Return the root of every place, (n,) int32."""
        return self.roots(np.arange(len(self._up), dtype=np.int32))
