"""Resampling of messages: a metric of many weightings at once, and its interval.

Weights are `(resamples, n)`, so that an interval costs a few matrix products instead of a loop: a
message drawn twice weighs two. The point estimate is the metric under weights of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from stages.records.interval import Interval

_CHUNK = 4_000_000


@dataclass(frozen=True)
class Ranked:
    """Labels and probabilities of the same messages, sorted by falling probability.

    Attributes:
        spam: `(n,) bool`.
        probability: `(n,) float64`.
        ends: `(g,)` index of the last message of each group of equal probabilities.
        order: `(n,)` where each sorted message stood in the input.
    """

    spam: np.ndarray
    probability: np.ndarray
    ends: np.ndarray
    order: np.ndarray

    @classmethod
    def of(cls, spam: np.ndarray, probability: np.ndarray) -> Ranked:
        """Sort `spam (n,) bool` and `probability (n,)`."""
        order = np.argsort(-probability, kind="stable")
        falling = probability[order]
        ends = np.flatnonzero(np.append(np.diff(falling) != 0, True))
        return cls(np.asarray(spam, dtype=bool)[order], falling, ends, order)

    def counts(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return spam and ham at or above each distinct probability, each `(resamples, g)`."""
        spam = np.cumsum(weights * self.spam, axis=1)[:, self.ends]
        ham = np.cumsum(weights * ~self.spam, axis=1)[:, self.ends]
        return spam, ham


# Of ranked messages and weights `(resamples, n)`; `(resamples,)` values.
Compute = Callable[[Ranked, np.ndarray], np.ndarray]


def bootstrap_weights(spam: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Return `(resamples, n) float32` counts: how often each message is drawn, class by class.

    Stratified, so that no resample lacks a class (Efron and Tibshirani 1993, section 9.5).
    """
    rng = np.random.default_rng(seed)
    weights = np.zeros((resamples, len(spam)), dtype=np.float32)
    for members in (np.flatnonzero(spam), np.flatnonzero(~spam)):
        weights[:, members] = _drawn(rng, members, resamples)
    return weights


def bootstrap_chunks(
    spam: np.ndarray, resamples: int, seed: int, rows: Iterable[int]
) -> Iterator[np.ndarray]:
    """Yield what `bootstrap_weights` returns, so many rows at a time; no more of it is held.

    Args:
        spam: `(n,) bool`.
        resamples: how many rows there are; the last chunk may have fewer than it should.
        seed: of the draws.
        rows: of each chunk.
    """
    of_spam, of_ham = np.flatnonzero(spam), np.flatnonzero(~spam)
    first, second = np.random.default_rng(seed), np.random.default_rng(seed)
    # All draws of spam come before those of ham.
    for _ in range(resamples):
        _drawn(second, of_spam, 1)
    left = resamples
    for wanted in rows:
        if not left:
            return
        count = min(wanted, left)
        weights = np.zeros((count, len(spam)), dtype=np.float32)
        weights[:, of_spam] = _drawn(first, of_spam, count)
        weights[:, of_ham] = _drawn(second, of_ham, count)
        left -= count
        yield weights


def _drawn(rng: np.random.Generator, members: np.ndarray, resamples: int) -> np.ndarray:
    return rng.multinomial(len(members), np.full(len(members), 1 / len(members)), size=resamples)


def resampled(
    metrics: dict[str, Compute],
    spam: np.ndarray,
    probability: np.ndarray,
    weights: np.ndarray | Iterable[np.ndarray],
) -> dict[str, np.ndarray]:
    """Return each metric's `(1 + resamples,)` values: the point estimate, then the resamples.

    Args:
        metrics: by name.
        spam: `(n,) bool`.
        probability: `(n,)` probability of spam.
        weights: `(resamples, n)`, or chunks of such rows, see `chunk_rows`; the same for two models
            makes their difference a paired one.
    """
    ranked = Ranked.of(spam, probability)
    values: dict[str, list[np.ndarray]] = {name: [] for name in metrics}
    ones = np.ones((1, len(spam)))
    chunks = _chunks(weights, len(spam)) if isinstance(weights, np.ndarray) else weights
    for part in chunks:
        chunk = part.astype(np.float64)[:, ranked.order]
        if len(ones):
            # The first row of the first chunk is the sample itself.
            chunk, ones = np.vstack([ones, chunk]), ones[:0]
        for name, metric in metrics.items():
            values[name].append(metric(ranked, chunk))
    return {name: np.concatenate(parts) for name, parts in values.items()}


def chunk_rows(messages: int) -> Iterator[int]:
    """Yield how many rows of weights are taken at a time; the first time one less, for the sample.

    So a chunk's size depends on the number of messages only where one row alone is larger.
    """
    rows = max(1, _CHUNK // messages)
    yield rows - 1
    yield from repeat(rows)


def _chunks(weights: np.ndarray, messages: int) -> Iterator[np.ndarray]:
    start = 0
    for rows in chunk_rows(messages):
        yield weights[start : start + rows]
        start += rows
        if start >= len(weights):
            return


def interval(values: np.ndarray, confidence: float) -> Interval:
    """Return the first of `resampled` values, and the percentile interval of the others."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(values[1:], [tail, 1 - tail])
    return Interval(float(values[0]), float(low), float(high))
