"""Texts encoded side by side: one a thread, and one thread a text."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# Texts handed to the workers at a time: what is held of a stream.
_CHUNK = 64


class SideBySide:
    """An encoder of one text, on several threads; see `Loaded`.

    Padding to batch neighbours changes the last bits of most rows, and so does splitting a product
    among another number of threads. So what runs side by side is whole texts.

    Args:
        workers: for each thread what turns one text into a `(dim,) float32` vector.
        max_chars: longer texts are cut.
    """

    def __init__(self, workers: Sequence[Callable[[str], np.ndarray]], max_chars: int) -> None:
        self._workers, self._max_chars = workers, max_chars

    def encode(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        """Yield one L2-normalised `(dim,) float32` vector a text, in the order of `texts`."""
        from threadpoolctl import threadpool_limits

        idle = deque(self._workers)
        mine = threading.local()

        def adopt() -> None:
            mine.encode = idle.popleft()

        def encoded(text: str) -> np.ndarray:
            vector: np.ndarray = mine.encode(text[: self._max_chars])
            return vector

        source = iter(texts)
        with ThreadPoolExecutor(len(self._workers), initializer=adopt) as pool:
            while chunk := list(islice(source, _CHUNK)):
                with threadpool_limits(1):
                    vectors = list(pool.map(encoded, chunk))
                yield from vectors
