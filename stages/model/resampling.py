"""Resampling of messages: a metric of many weightings at once, and its interval.

Weights are `(resamples, n)`, so that an interval costs a few matrix products instead of a loop: a
message drawn twice weighs two. The point estimate is the metric under weights of one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
        share = np.full(len(members), 1 / len(members))
        weights[:, members] = rng.multinomial(len(members), share, size=resamples)
    return weights


def resampled(
    metrics: dict[str, Compute], spam: np.ndarray, probability: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return each metric's `(1 + resamples,)` values: the point estimate, then the resamples.

    Args:
        metrics: by name.
        spam: `(n,) bool`.
        probability: `(n,)` probability of spam.
        weights: `(resamples, n)`; the same for two models makes their difference a paired one.
    """
    ranked = Ranked.of(spam, probability)
    rows = max(1, _CHUNK // len(spam))
    values: dict[str, list[np.ndarray]] = {name: [] for name in metrics}
    for start in range(-1, len(weights), rows):
        # The first row of the first chunk is the sample itself.
        stop = min(start + rows, len(weights))
        chunk = weights[max(start, 0) : stop].astype(np.float64)[:, ranked.order]
        if start < 0:
            chunk = np.vstack([np.ones((1, len(spam))), chunk])
        for name, metric in metrics.items():
            values[name].append(metric(ranked, chunk))
    return {name: np.concatenate(parts) for name, parts in values.items()}


def interval(values: np.ndarray, confidence: float) -> Interval:
    """Return the first of `resampled` values, and the percentile interval of the others."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(values[1:], [tail, 1 - tail])
    return Interval(float(values[0]), float(low), float(high))
