"""What the classifier sees: the embedding, and hashed TF-IDF of word and character n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stages import config
from stages.model.encoder import message_text
from stages.model.scrub import scrub


@dataclass(frozen=True)
class Messages:
    """Messages as a model takes them, row by row.

    Attributes:
        embeddings: `(n, dim) float32`, L2-normalised.
        subjects: n subjects.
        texts: n bodies.
    """

    embeddings: np.ndarray
    subjects: Sequence[str]
    texts: Sequence[str]

    def __post_init__(self) -> None:
        sizes = {len(self.embeddings), len(self.subjects), len(self.texts)}
        if len(sizes) > 1:
            raise ValueError(
                f"embeddings ({len(self.embeddings)}), subjects ({len(self.subjects)}) and "
                f"texts ({len(self.texts)}) are not of the same messages"
            )


class FeatureMap:
    """Turns messages into rows of features; fitted parts are scikit-learn transformers."""

    def __init__(self, features: config.Features, fitted: dict[str, Any]) -> None:
        self.features = features
        # "words" and "characters" hold a TfidfTransformer, "svd" a TruncatedSVD over both.
        self.fitted = fitted

    def transform(self, messages: Messages) -> Any:
        """Return `(n, columns)`: CSR float64, or an array where an SVD makes the columns few."""
        blocks = [self.fitted[name].transform(counts) for name, counts in self._counts(messages)]
        return self._joined(messages, blocks)

    def _counts(self, messages: Messages) -> list[tuple[str, Any]]:
        texts = [
            self._text(subject, text)
            for subject, text in zip(messages.subjects, messages.texts, strict=True)
        ]
        return [
            (name, _hasher(self.features, name).transform(texts)) for name in _names(self.features)
        ]

    def _text(self, subject: str, text: str) -> str:
        cut = text[: self.features.max_chars]
        return scrub(subject, cut) if self.features.scrub else message_text(subject, cut)

    def _joined(self, messages: Messages, blocks: list[Any]) -> Any:
        from scipy import sparse

        svd = self.fitted.get("svd")
        if svd is not None and blocks:
            blocks = [svd.transform(sparse.hstack(blocks, format="csr"))]
        if self.features.embedding:
            weight = self.features.embedding_weight
            blocks = [messages.embeddings.astype(np.float64) * weight, *blocks]
        if all(isinstance(block, np.ndarray) for block in blocks):
            return np.hstack(blocks)
        return sparse.hstack([sparse.csr_matrix(block) for block in blocks], format="csr")


def fit_features(
    messages: Messages, features: config.Features, *, svd_components: int | None, seed: int
) -> tuple[FeatureMap, Any]:
    """Return the fitted map and the features of `messages` themselves.

    The inverse document frequencies, and the SVD if any, see no labels.

    Args:
        messages: the training messages.
        features: which blocks there are.
        svd_components: reduce the TF-IDF blocks to so many dense columns; None keeps them sparse.
        seed: of the randomised SVD.
    """
    from scipy import sparse
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer

    mapped = FeatureMap(features, {})
    blocks = []
    for name, counts in mapped._counts(messages):
        mapped.fitted[name] = TfidfTransformer(sublinear_tf=True).fit(counts)
        blocks.append(mapped.fitted[name].transform(counts))
    if svd_components and blocks:
        stacked = sparse.hstack(blocks, format="csr")
        components = min(svd_components, min(stacked.shape) - 1)
        mapped.fitted["svd"] = TruncatedSVD(components, random_state=seed).fit(stacked)
    return mapped, mapped._joined(messages, blocks)


def _names(features: config.Features) -> list[str]:
    return [name for name in ("words", "characters") if getattr(features, name)]


def _hasher(features: config.Features, name: str) -> Any:
    """Return the stateless hasher of a block: no vocabulary to store, the same columns anywhere."""
    from sklearn.feature_extraction.text import HashingVectorizer

    words = name == "words"
    low, high = features.word_ngrams if words else features.character_ngrams
    return HashingVectorizer(
        n_features=2**features.hash_bits,
        analyzer="word" if words else "char_wb",
        ngram_range=(low, high),
        norm=None,
        alternate_sign=False,
    )
