"""What the classifier sees: the embedding, and hashed TF-IDF of word and character n-grams.

    Messages ─┬─ embedding ──────────────────────────────── weighted ─┐
              └─ texts ─┬─ words ────── hashed ── tf-idf ─┐           ├─ features
                        └─ characters ─ hashed ── tf-idf ─┴─ (svd) ───┘

Every part is scikit-learn's own. Those that learn something are stored with a model; the others
are made anew from its `config.Features`, so a model file holds no code or type of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from stages.model.scoring.messages import Messages
from stages.model.scoring.scrub import scrub
from stages.model.space import message_text

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.pipeline import FeatureUnion, Pipeline

    from stages import config

# "words" and "characters" are a TfidfTransformer each, "svd" is a TruncatedSVD over both.
LearnedParts = Mapping[str, "BaseEstimator"]


def assemble(features: config.Features, learned: LearnedParts) -> FeatureUnion:
    """Return the feature map around the parts that learn, fitted or to be fitted.

    It transforms `Messages` to `(n, columns)`: CSR float64, or an array where an SVD makes the
    columns few. It has an "svd" where `learned` has one.
    """
    from sklearn.pipeline import FeatureUnion
    from sklearn.preprocessing import FunctionTransformer

    blocks: list[tuple[str, Any]] = []
    weights = {}
    if features.embedding:
        blocks.append(("embedding", FunctionTransformer(_embeddings)))
        weights["embedding"] = features.embedding_weight
    if text_blocks(features):
        blocks.append(("text", _text_pipeline(features, learned)))
    return FeatureUnion(blocks, transformer_weights=weights)


def learned_parts(feature_map: FeatureUnion) -> LearnedParts:
    """Return the parts of `feature_map` that a model stores: those that `assemble` was given."""
    text = feature_map.named_transformers.get("text")
    if text is None:
        return {}
    blocks = text["blocks"].named_transformers
    svd = {name: step for name, step in text.steps if name == "svd"}
    return {name: block["tfidf"] for name, block in blocks.items()} | svd


def text_blocks(features: config.Features) -> list[str]:
    """Return the names of the blocks that are made from texts, in the order of their columns."""
    return [name for name in ("words", "characters") if getattr(features, name)]


def _text_pipeline(features: config.Features, learned: LearnedParts) -> Pipeline:
    from sklearn.pipeline import FeatureUnion, Pipeline
    from sklearn.preprocessing import FunctionTransformer

    cut = {"max_chars": features.max_chars, "scrubbed": features.scrub}
    blocks = [
        (name, Pipeline([("counts", _hasher(features, name)), ("tfidf", learned[name])]))
        for name in text_blocks(features)
    ]
    steps = [
        ("texts", FunctionTransformer(_texts, kw_args=cut)),
        ("blocks", FeatureUnion(blocks)),
    ]
    if "svd" in learned:
        steps.append(("svd", learned["svd"]))
    return Pipeline(steps)


def _embeddings(messages: Messages) -> np.ndarray:
    """Return `(n, dim) float64`."""
    return messages.embeddings.astype(np.float64)


def _texts(messages: Messages, *, max_chars: int, scrubbed: bool) -> list[str]:
    """Return subject and body of each message as one text."""
    join = scrub if scrubbed else message_text
    pairs = zip(messages.subjects, messages.texts, strict=True)
    return [join(subject, text[:max_chars]) for subject, text in pairs]


def _hasher(features: config.Features, name: str) -> HashingVectorizer:
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
