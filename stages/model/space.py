"""An embedding space: its identity, and what of a message is embedded."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stages import config


# Engines whose vectors are those of the model in full precision, to about 1e-6.
_FAITHFUL = ("exact", "sentence-transformers")


def fingerprint(encoder: config.Encoder) -> str:
    """Return the identity of an embedding space: 16 hexadecimal digits.

    Wherever the weights come from, the same weights and cuts make the same space, unless what runs
    them approximates the model.
    """
    identity = f"{encoder.name} {encoder.sha256} {encoder.max_chars}"
    if encoder.max_tokens is not None:
        identity += f" {encoder.max_tokens}"
    if encoder.engine not in _FAITHFUL:
        identity += f" {encoder.engine}"
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def message_text(subject: str, text: str) -> str:
    """Return what an encoder reads of a message: its subject, then its body."""
    return f"{subject}\n{text}"
