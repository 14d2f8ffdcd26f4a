"""An encoder by its description: its weights found and verified, its engine started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stages.model.engines import Loaded, engine_of
from stages.model.weights import weights_folder

if TYPE_CHECKING:
    from stages import config


def load_encoder(encoder: config.Encoder, *, workers: int | None = None) -> Loaded:
    """Load the model that `encoder` pins, on the CPU.

    Args:
        encoder: where the model is and what it must be.
        workers: texts encoded side by side; by default one a core. The bytes do not depend on it.

    Raises:
        EncoderError: the model is not available, or it is not the pinned one.
    """
    return engine_of(encoder).load(weights_folder(encoder), encoder, workers=workers)
