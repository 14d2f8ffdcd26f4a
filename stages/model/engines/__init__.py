"""What turns text into vectors: a module for each engine, which says what its bytes depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    from stages import config


class Loaded(Protocol):
    """An encoder with its weights in memory."""

    def encode(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        """Yield one L2-normalised `(dim,) float32` vector a text, in the order of `texts`."""
        ...


class Engine(Protocol):
    """A way to run encoders."""

    # The file whose digest every encoder of this engine pins, in its folder.
    WEIGHTS: str
    # Whose versions the bytes of an embedding depend on.
    LIBRARIES: tuple[str, ...]
    # Beginnings of the environment variables that choose kernels and precision.
    VARIABLES: tuple[str, ...]
    # The code that makes an embedding of a text.
    CODE: tuple[Path, ...]
    # Whether the bytes are the same on any processor.
    PORTABLE: bool

    def load(self, folder: Path, encoder: config.Encoder, *, workers: int | None) -> Loaded:
        """Load the encoder in `folder` on the CPU.

        Args:
            folder: the model, its weights verified.
            encoder: what it must be.
            workers: texts encoded side by side; by default one a core. The bytes do not depend
                on it.

        Raises:
            EncoderError: it is not what `encoder` says.
        """
        ...


def engine_of(encoder: config.Encoder) -> Engine:
    """Return the engine that runs `encoder`; none of its libraries is imported yet."""
    match encoder.engine:
        case "exact":
            from stages.model.engines.exact import Exact

            return Exact()
        case "openvino":
            from stages.model.engines.openvino import OpenVino

            return OpenVino()
        case "sentence-transformers":
            from stages.model.engines.sentence_transformers import SentenceTransformers

            return SentenceTransformers()
        case "static":
            from stages.model.engines.static import Static

            return Static()
