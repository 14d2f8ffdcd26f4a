"""Plain properties of messages that people recognise: for the report, never for a decision."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

_LINK = re.compile(r"https?://", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def describe(subjects: Sequence[str], texts: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return properties of n messages by name, each (n,) float64.

    `characters_log10` and `words_log10` are log10(1 + count): mail lengths span five decades.
    `links` counts web addresses; `capitals` is the share of letters in upper case and
    `digits` that of characters that are digits, 0-1. Both look at subject and text.
    """
    whole = [f"{subject}\n{text}" for subject, text in zip(subjects, texts, strict=True)]
    columns = {
        "characters_log10": [np.log10(1 + len(mail)) for mail in whole],
        "words_log10": [np.log10(1 + len(_WORD.findall(mail))) for mail in whole],
        "links": [len(_LINK.findall(mail)) for mail in whole],
        "capitals": [_share(mail, str.isupper, str.isalpha) for mail in whole],
        "digits": [sum(map(str.isdigit, mail)) / len(mail) for mail in whole],
    }
    return {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}


def _share(text: str, part: Callable[[str], bool], of: Callable[[str], bool]) -> float:
    whole = sum(map(of, text))
    return sum(map(part, text)) / whole if whole else 0.0


def principal_components(
    reference: NDArray[np.float32], window: NDArray[np.float32], count: int
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
    """Return both samples in the `count` directions in which the reference varies most.

    Args:
        reference: (n, dim) float32.
        window: (m, dim) float32.
        count: at most dim.

    Returns:
        `{"embedding_1": (n,), ...}` for the reference, the same with (m,) for the window.
    """
    mean = reference.mean(axis=0, dtype=np.float64)
    centred = reference - mean
    _, directions = np.linalg.eigh(centred.T @ centred)
    # eigh sorts upwards.
    axes = directions[:, ::-1][:, :count]
    return _named(centred @ axes), _named((window - mean) @ axes)


def _named(projected: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    return {f"embedding_{i}": column for i, column in enumerate(projected.T, start=1)}
