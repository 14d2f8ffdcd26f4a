"""The whole filter: raw text in, probability of spam and verdict out; and its folder on disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from stages import config
from stages.machine.errors import RegistryError
from stages.machine.files import json_text, write_text
from stages.model.classifier import TRUSTED_TYPES, decision_scores
from stages.model.encoder import SentenceEncoder, fingerprint, load_encoder, message_text
from stages.model.features import FeatureMap, Messages
from stages.model.persist import dump_model, load_model
from stages.model.tables import Split
from stages.model.training import Trained, calibrated
from stages.records.messages import HAM, SPAM

SPECIFICATION, CLASSIFIER = "model.json", "classifier.skops"
FORMAT: Literal[1] = 1


@dataclass(frozen=True)
class Specification:
    """What `model.json` says.

    Attributes:
        format: of the folder; another number is refused.
        encoder: whose embeddings the model was fitted on.
        features: the blocks of features.
        threshold: a probability from this on is the verdict "spam".
        trained_on: counts, dates and hyper-parameters, for people.
    """

    format: Literal[1]
    encoder: config.Encoder
    features: config.Features
    threshold: float
    trained_on: dict[str, Any]


class Filter:
    """A spam filter loaded from a model folder."""

    def __init__(self, specification: Specification, parts: dict[str, Any]) -> None:
        self.specification = specification
        self._features = FeatureMap(specification.features, parts["features"])
        self._classifier = parts["classifier"]
        self._calibrator = parts["calibrator"]

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
        return dt.datetime.fromisoformat(self.specification.trained_on["last"])

    @property
    def encoder_fingerprint(self) -> str:
        """The identity of the embedding space that the model was fitted on."""
        return fingerprint(self.specification.encoder)

    @cached_property
    def encoder(self) -> SentenceEncoder:
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
            embeddings: `(n, dim) float32`, of the model's own encoder.
            subjects: n subjects.
            texts: n bodies.
        """
        if len(texts) == 0:
            return np.empty(0)
        X = self._features.transform(Messages(embeddings, subjects, texts))
        return calibrated(self._calibrator, decision_scores(self._classifier, X))

    def score_split(self, split: Split) -> np.ndarray:
        """Return the `(n,) float64` probabilities of spam of a split.

        It is encoded anew where its embeddings are not of the model's own encoder.
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


def read_specification(folder: Path) -> Specification:
    """Return what `model.json` in `folder` says.

    Raises:
        RegistryError: there is none, or it is of another format.
    """
    try:
        text = (folder / SPECIFICATION).read_bytes()
        return TypeAdapter(Specification).validate_json(text)
    except (OSError, ValidationError) as error:
        raise RegistryError(
            f"{folder} is not a model folder of ours ({type(error).__name__})",
            expected=f"a {SPECIFICATION} of format {FORMAT}",
            fix="run `make run` to train it again",
        ) from error


def save_filter(
    folder: Path,
    trained: Trained,
    *,
    encoder: config.Encoder,
    features: config.Features,
    trained_on: dict[str, Any],
) -> None:
    """Write `model.json` and `classifier.skops` into `folder` (the reference is drift's)."""
    specification = Specification(FORMAT, encoder, features, trained.threshold, trained_on)
    parts = {
        "features": trained.features.fitted,
        "classifier": trained.classifier,
        "calibrator": trained.calibrator,
    }
    folder.mkdir(parents=True)
    # Not rounded: what was trained with is what must be scored with.
    write_text(folder / SPECIFICATION, json_text(asdict(specification)))
    dump_model(parts, folder / CLASSIFIER)
