"""The whole filter, loaded from its folder: raw text in, probability of spam and verdict out."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from stages.machine.errors import RegistryError
from stages.model.encoder import load_encoder
from stages.model.engines import Loaded
from stages.model.scoring.messages import Messages
from stages.model.scoring.scorer import CLASSIFIER, Scorer, StoredParts
from stages.model.space import fingerprint, message_text
from stages.model.tables import Split
from stages.records.messages import HAM, SPAM
from stages.records.specification import Specification, read_specification

# The types beyond skops' own list that our model files may hold: the trees' compiled parts.
TRUSTED_TYPES = [
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
]


class Filter:
    """A spam filter loaded from a model folder."""

    def __init__(self, specification: Specification, stored: StoredParts) -> None:
        self.specification = specification
        self._scorer = Scorer.restored(specification.features, stored)

    @classmethod
    def load(cls, folder: Path) -> Filter:
        """Load a model folder without running any code in it.

        Raises:
            RegistryError: the folder is incomplete, of another format, or holds untrusted types.
        """
        specification = read_specification(folder)
        return cls(specification, load_model(folder / CLASSIFIER, TRUSTED_TYPES))

    @property
    def threshold(self) -> float:
        """The probability from which on the verdict is "spam"."""
        return self.specification.threshold

    @property
    def trained_until(self) -> dt.datetime:
        """When the newest message that it has learned from was received."""
        return self.specification.trained_on.last

    @property
    def encoder_fingerprint(self) -> str:
        """The identity of the embedding space that the model was fitted on."""
        return fingerprint(self.specification.encoder)

    @cached_property
    def encoder(self) -> Loaded:
        """The sentence encoder, loaded when raw text first asks for it."""
        return load_encoder(self.specification.encoder)

    def encode(self, subjects: Sequence[str], texts: Sequence[str]) -> np.ndarray:
        """Return the `(n, dim) float32` embeddings of n messages."""
        whole = (message_text(s, t) for s, t in zip(subjects, texts, strict=True))
        vectors = list(self.encoder.encode(whole))
        empty = np.empty((0, self.specification.encoder.dim), np.float32)
        return np.stack(vectors) if vectors else empty

    def score(
        self, embeddings: np.ndarray, subjects: Sequence[str], texts: Sequence[str]
    ) -> np.ndarray:
        """Return the `(n,) float64` probabilities of spam.

        Args:
            embeddings: `(n, dim) float32`, by the model's own encoder.
            subjects: n subjects.
            texts: n bodies.
        """
        if len(texts) == 0:
            return np.empty(0)
        return self._scorer.probabilities(Messages(embeddings, subjects, texts))

    def score_split(self, split: Split) -> np.ndarray:
        """Return the `(n,) float64` probabilities of spam of a split.

        It is encoded anew where its embeddings are by another encoder than the model's own.
        """
        subjects, texts = split.column("subject"), split.column("text")
        if split.encoder != self.encoder_fingerprint:
            return self.predict(subjects, texts)
        return self.score(split.embeddings, subjects, texts)

    def predict(self, subjects: Sequence[str], texts: Sequence[str]) -> np.ndarray:
        """Return the `(n,) float64` probabilities of spam of raw texts."""
        return self.score(self.encode(subjects, texts), subjects, texts)

    def verdicts(self, probabilities: np.ndarray) -> list[str]:
        """Return "spam" or "ham" for each probability."""
        return [SPAM if p >= self.threshold else HAM for p in probabilities]


def load_model(path: Path, trusted: list[str]) -> Any:
    """Return what the skops file at `path` holds; no code in it is run.

    Args:
        path: the file.
        trusted: the types beyond skops' own list that may be built.

    Raises:
        RegistryError: the file is not a skops file, or it holds a type that is not trusted.
    """
    from skops.io import load
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return load(path, trusted=trusted)
    except (UntrustedTypesFoundException, zipfile.BadZipFile, KeyError, TypeError) as error:
        raise RegistryError(
            f"{path} is not a model file of ours: {type(error).__name__}: {error}",
            expected="a skops file with known types",
            fix="run `make run` to train it again",
        ) from error
