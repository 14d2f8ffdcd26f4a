"""The adapter of sentence-transformers: text in, unit vectors out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.errors import EncoderError

if TYPE_CHECKING:
    import numpy as np
    from sentence_transformers import SentenceTransformer

    from stages import config

# Texts handed to the workers at a time: what is held of a stream.
_CHUNK = 64
# Each holds a copy of the weights.
_MOST_WORKERS = 8


class SentenceEncoder:
    """A sentence-transformers model that gives each text the same bytes in any company.

    One text a forward pass, and one thread a pass: padding to batch neighbours changes the last
    bits of most rows, and so does splitting a product among another number of threads. What runs
    side by side is whole texts, each worker with its own copy of the model.
    """

    def __init__(self, models: Sequence[SentenceTransformer], encoder: config.Encoder) -> None:
        self._models = models
        self._encoder = encoder

    def encode(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        """Yield one L2-normalised `(dim,) float32` vector a text, in the order of `texts`."""
        idle = deque(self._models)
        mine = threading.local()

        def adopt() -> None:
            import torch

            torch.set_num_threads(1)
            mine.model = idle.popleft()

        def encoded(text: str) -> np.ndarray:
            vector: np.ndarray = mine.model.encode(
                text[: self._encoder.max_chars],
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
            return vector

        source = iter(texts)
        with ThreadPoolExecutor(len(self._models), initializer=adopt) as pool:
            while chunk := list(islice(source, _CHUNK)):
                yield from pool.map(encoded, chunk)


class SentenceTransformers:
    """Encoders in the folders of the sentence-transformers library, run by torch; see `Engine`."""

    WEIGHTS = "model.safetensors"
    LIBRARIES: tuple[str, ...] = ("sentence-transformers", "tokenizers", "torch", "transformers")
    VARIABLES: tuple[str, ...] = ("ATEN_", "DNNL_", "MKL_", "ONEDNN_")
    CODE = Path(__file__)

    def load(
        self, folder: Path, encoder: config.Encoder, *, workers: int | None = None
    ) -> SentenceEncoder:
        """See `Engine`; at most eight workers by default."""
        import joblib
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        models = [
            SentenceTransformer(
                str(folder), device="cpu", local_files_only=True, trust_remote_code=False
            )
            for _ in range(workers or min(joblib.cpu_count(), _MOST_WORKERS))
        ]
        found = models[0].get_embedding_dimension()
        if found != encoder.dim:
            raise EncoderError(
                f"{encoder.name} has {found} dimensions",
                expected=f"{encoder.dim} as conf/encoder says",
                fix="edit dim in conf/encoder/ and run `make params`",
            )
        return SentenceEncoder(models, encoder)
