"""The adapter of sentence-transformers: text in, unit vectors out, offline where it can be."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from stages import config
from stages.machine.errors import EncoderError
from stages.machine.files import sha256

if TYPE_CHECKING:
    import numpy as np
    from sentence_transformers import SentenceTransformer

WEIGHTS = "model.safetensors"
# Texts handed to the workers at a time: what is held of a stream.
_CHUNK = 64
_MOST_WORKERS = 8


def fingerprint(encoder: config.Encoder) -> str:
    """Return the identity of an embedding space: 16 hexadecimal digits.

    Wherever the weights come from, the same weights and cut make the same space.
    """
    identity = f"{encoder.name} {encoder.sha256} {encoder.max_chars}"
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def message_text(subject: str, text: str) -> str:
    """Return what an encoder reads of a message: its subject, then its body."""
    return f"{subject}\n{text}"


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


def load_encoder(encoder: config.Encoder, *, workers: int | None = None) -> SentenceEncoder:
    """Load the model that `encoder` pins, on the CPU.

    Args:
        encoder: where the model is and what it must be.
        workers: texts encoded side by side; by default one a core, at most eight (each holds a
            copy of the weights). The bytes do not depend on it.

    Raises:
        EncoderError: the model is not to be had, or its weights are not the pinned ones.
    """
    folder = _folder(encoder)
    check_weights(folder, encoder)
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    count = workers or min(_cores(), _MOST_WORKERS)
    models = [
        SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, trust_remote_code=False
        )
        for _ in range(count)
    ]
    found = models[0].get_embedding_dimension()
    if found != encoder.dim:
        raise EncoderError(
            f"{encoder.name} has {found} dimensions",
            expected=f"{encoder.dim} as conf/encoder says",
            fix="edit dim in conf/encoder/ and run `make params`",
        )
    return SentenceEncoder(models, encoder)


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_weights(folder: Path, encoder: config.Encoder) -> None:
    """Raise `EncoderError` unless the weights in `folder` have the pinned SHA-256."""
    weights = folder / WEIGHTS
    found = sha256(weights) if weights.is_file() else "no such file"
    if found != encoder.sha256:
        raise EncoderError(
            f"{weights} has SHA-256 {found}",
            expected=f"{encoder.sha256} as conf/encoder pins for {encoder.name}",
            fix=_fix(encoder),
        )


def _fix(encoder: config.Encoder) -> str:
    if encoder.package:
        return "run `make install` to install the pinned packages again"
    return f"delete the cached copy of {encoder.hub} and run again"


def _folder(encoder: config.Encoder) -> Path:
    return _package_folder(encoder) if encoder.package else _hub_folder(encoder)


def _package_folder(encoder: config.Encoder) -> Path:
    assert encoder.package is not None  # noqa: S101 -- the caller has looked
    spec = find_spec(encoder.package)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(
            f"the Python package {encoder.package} is not installed",
            expected=f"it to carry the encoder {encoder.name}",
            fix="run `make install`",
        )
    return Path(spec.submodule_search_locations[0]) / (encoder.folder or "")


def _hub_folder(encoder: config.Encoder) -> Path:
    """Return the hub's snapshot: from the local cache if whole, else downloaded."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    wanted = ["*.json", "*.txt", "*/config.json", WEIGHTS]
    with contextlib.suppress(LocalEntryNotFoundError):
        folder = Path(
            snapshot_download(
                str(encoder.hub),
                revision=encoder.revision,
                allow_patterns=wanted,
                local_files_only=True,
            )
        )
        if (folder / WEIGHTS).is_file():
            return folder
    try:
        return Path(
            snapshot_download(
                str(encoder.hub),
                revision=encoder.revision,
                allow_patterns=wanted,
                etag_timeout=5,
            )
        )
    except Exception as error:  # the client raises a dozen kinds, of three libraries
        raise EncoderError(
            f"the hub model {encoder.hub} cannot be downloaded ({type(error).__name__})",
            expected="a network, or the model in the local cache",
            fix="connect and run again, or use `encoder: minilm` in conf/config.yaml",
        ) from error
