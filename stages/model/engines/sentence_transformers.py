"""The adapter of sentence-transformers: text in, unit vectors out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.errors import EncoderError
from stages.model.engines import side_by_side
from stages.model.engines.bert import check_tokens

if TYPE_CHECKING:
    import numpy as np
    from sentence_transformers import SentenceTransformer

    from stages import config

# Each holds a copy of the weights.
_MOST_WORKERS = 8


class SentenceTransformers:
    """Encoders in the folders of the sentence-transformers library, run by torch; see `Engine`."""

    WEIGHTS = "model.safetensors"
    LIBRARIES: tuple[str, ...] = ("sentence-transformers", "tokenizers", "torch", "transformers")
    VARIABLES: tuple[str, ...] = ("ATEN_", "DNNL_", "MKL_", "ONEDNN_")
    CODE: tuple[Path, ...] = (Path(__file__), Path(side_by_side.__file__))
    PORTABLE = False

    def load(
        self, folder: Path, encoder: config.Encoder, *, workers: int | None = None
    ) -> side_by_side.SideBySide:
        """See `Engine`; at most eight workers by default."""
        import joblib
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        workers = workers or min(joblib.cpu_count(), _MOST_WORKERS)
        embed = [_worker(folder, encoder) for _ in range(workers)]
        return side_by_side.SideBySide(embed, encoder.max_chars)


def _worker(folder: Path, encoder: config.Encoder) -> Callable[[str], np.ndarray]:
    """Return what turns one text into its vector, with its own copy of the model."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, trust_remote_code=False
    )
    shape = getattr(model[0].auto_model, "config", None)
    check_tokens(
        getattr(shape, "max_position_embeddings", None) or encoder.max_tokens or 0, encoder
    )
    model.max_seq_length = encoder.max_tokens or model.max_seq_length
    found = model.get_embedding_dimension()
    if found != encoder.dim:
        raise EncoderError(
            f"{encoder.name} has {found} dimensions",
            expected=f"{encoder.dim} as conf/encoder says",
            fix="edit dim in conf/encoder/ and run `make params`",
        )
    return partial(_embed, model)


def _embed(model: SentenceTransformer, text: str) -> np.ndarray:
    import torch

    # PyTorch's own, of this thread.
    torch.set_num_threads(1)
    vector: np.ndarray = model.encode(
        text, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
    )
    return vector
