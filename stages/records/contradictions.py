"""Texts that were labelled both ham and spam, as `data/fetch/summary.json` names them."""

from __future__ import annotations

from dataclasses import dataclass

# Of contradictions, and of the copies of each.
MAX_NAMED = 20


@dataclass(frozen=True)
class Contradiction:
    """Copies of one text with both labels.

    Attributes:
        id: of the copy that is learned from or tested on, one with the latest label.
        label: its label.
        ham: how many copies are labelled ham.
        spam: how many are labelled spam.
        against: the ids of copies with the other label, at most `MAX_NAMED`.
        text: the first words, for people.
    """

    id: str
    label: str
    ham: int
    spam: int
    against: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Contradictions:
    """What contradicts itself in the labels of train and holdout.

    Attributes:
        texts: how many texts.
        named: some of them, in the order of time, at most `MAX_NAMED`.
    """

    texts: int = 0
    named: tuple[Contradiction, ...] = ()
