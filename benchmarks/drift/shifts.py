"""Windows of mail: like the reference, or shifted by a known amount."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from benchmarks.drift.pools import OBFUSCATED, Pools

Rows = NDArray[np.float32]
SPAM_SHARE = 0.3


class Kind(StrEnum):
    """What a shift does to a window; all but the last two replace `amount` of its messages."""

    NEW_SPAM = "unseen spam campaign"
    HARD_HAM = "hard ham"
    FOREIGN = "foreign corpus"
    LANGUAGE = "other language"
    OBFUSCATION = "words of the spam obfuscated"
    SPAM_SHARE = "spam share"


@dataclass(frozen=True)
class Shift:
    """A kind of shift and how much of it, 0-1."""

    kind: Kind
    amount: float


SHIFTS = [
    *(Shift(Kind.SPAM_SHARE, share) for share in (0.4, 0.5, 0.7)),
    *(Shift(Kind.HARD_HAM, share) for share in (0.05, 0.1, 0.2)),
    *(Shift(Kind.FOREIGN, share) for share in (0.02, 0.05, 0.1, 0.2, 0.4)),
    *(Shift(Kind.LANGUAGE, share) for share in (0.05, 0.1, 0.2)),
    *(Shift(Kind.NEW_SPAM, share) for share in (0.05, 0.1, 0.2)),
    *(Shift(Kind.OBFUSCATION, share) for share in OBFUSCATED),
]
NO_SHIFT = Shift(Kind.SPAM_SHARE, SPAM_SHARE)


class Draw:
    """A reference, and mail for one window to compare with it; no message is in both.

    Args:
        pools: where messages come from, each equally likely.
        reference_size: `SPAM_SHARE` of it is spam.
        rng: the only source of randomness.
    """

    def __init__(self, pools: Pools, reference_size: int, rng: np.random.Generator) -> None:
        self._pools, self._rng = pools, rng
        n_spam = round(SPAM_SHARE * reference_size)
        n_ham = reference_size - n_spam
        ham, spam = rng.permutation(len(pools.ham)), rng.permutation(len(pools.spam))
        self.reference: Rows = np.concatenate([pools.ham[ham[:n_ham]], pools.spam[spam[:n_spam]]])
        self._ham, self._spam = ham[n_ham:], spam[n_spam:]

    def window(self, shift: Shift, size: int) -> Rows:
        """Return (size, dim) rows that have `shift`."""
        if shift.kind is Kind.SPAM_SHARE:
            return self._mail(size, shift.amount)
        if shift.kind is Kind.OBFUSCATION:
            return self._mail(size, SPAM_SHARE, self._pools.obfuscated[shift.amount])
        other = {
            Kind.NEW_SPAM: self._pools.new_spam,
            Kind.HARD_HAM: self._pools.hard_ham,
            Kind.FOREIGN: self._pools.foreign,
            Kind.LANGUAGE: self._pools.languages,
        }[shift.kind]
        replaced = round(shift.amount * size)
        return np.concatenate(
            [self._mail(size - replaced, SPAM_SHARE), self._some(other, replaced)]
        )

    def _mail(self, size: int, spam_share: float, spam: Rows | None = None) -> Rows:
        n_spam = round(spam_share * size)
        rows = self._pools.spam if spam is None else spam
        taken = self._pools.ham[self._ham[: size - n_spam]], rows[self._spam[:n_spam]]
        if len(taken[0]) + len(taken[1]) < size:
            raise ValueError(f"the pools are too small for {size} messages, {n_spam} of them spam")
        return np.concatenate(taken)

    def _some(self, pool: Rows, count: int) -> Rows:
        return pool[self._rng.choice(len(pool), count, replace=False)]
