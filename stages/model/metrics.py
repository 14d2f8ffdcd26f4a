"""Quality of probabilities against labels, with bootstrap intervals.

Every metric takes resampling weights `(resamples, n)`, so that an interval costs a few matrix
products instead of a loop: a message drawn twice weighs two. The point estimate is the metric
under weights of one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

BINS = 15
_CLIP = 1e-6
_CHUNK = 4_000_000


@dataclass(frozen=True)
class Scored:
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
    def of(cls, spam: np.ndarray, probability: np.ndarray) -> Scored:
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


Metric = Callable[[Scored, np.ndarray], np.ndarray]


def _auc(scored: Scored, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve by the trapezoid rule; ties count half."""
    spam, ham = scored.counts(weights)
    zero = np.zeros((len(weights), 1))
    before, height = np.hstack([zero, spam[:, :-1]]), np.diff(ham, axis=1, prepend=0)
    area = np.sum(height * (spam + before) / 2, axis=1)
    return np.asarray(area / (spam[:, -1] * ham[:, -1]))


def _one_minus_auc(scored: Scored, weights: np.ndarray) -> np.ndarray:
    return 100 * (1 - _auc(scored, weights))


def _average_precision(scored: Scored, weights: np.ndarray) -> np.ndarray:
    """Average precision, the step-wise area under the precision-recall curve."""
    spam, ham = scored.counts(weights)
    called = spam + ham
    precision = np.divide(spam, called, out=np.ones_like(spam), where=called > 0)
    gained = np.diff(spam, axis=1, prepend=0)
    return np.asarray(np.sum(gained * precision, axis=1) / spam[:, -1])


def _recall_at(rate: float) -> Metric:
    """Spam recall at the lowest threshold whose ham false-positive rate is at most `rate`."""

    def recall(scored: Scored, weights: np.ndarray) -> np.ndarray:
        spam, ham = scored.counts(weights)
        allowed = ham <= rate * ham[:, -1:] + 1e-9
        return np.asarray(np.max(np.where(allowed, spam, 0), axis=1) / spam[:, -1])

    return recall


def _f1(threshold: float) -> Metric:
    def f1(scored: Scored, weights: np.ndarray) -> np.ndarray:
        called = scored.probability >= threshold
        hits = weights @ (called & scored.spam).astype(float)
        wrong = weights @ (called != scored.spam).astype(float)
        return np.asarray(2 * hits / np.maximum(2 * hits + wrong, _CLIP))

    return f1


def _rate_called_spam(threshold: float, *, of_spam: bool) -> Metric:
    """Share of one class at or above the threshold: recall, or the false-positive rate."""

    def rate(scored: Scored, weights: np.ndarray) -> np.ndarray:
        members = scored.spam == of_spam
        called = members & (scored.probability >= threshold)
        return np.asarray((weights @ called.astype(float)) / (weights @ members.astype(float)))

    return rate


def _brier(scored: Scored, weights: np.ndarray) -> np.ndarray:
    loss = (scored.probability - scored.spam) ** 2
    return np.asarray(weights @ loss / weights.sum(axis=1))


def log_losses(spam: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Return the log loss of each message, `(n,)` nats, at most 13.8: of 1e-6 for what was true."""
    clipped = np.clip(probability, _CLIP, 1 - _CLIP)
    return np.asarray(-np.where(spam, np.log(clipped), np.log(1 - clipped)))


def _log_loss(scored: Scored, weights: np.ndarray) -> np.ndarray:
    loss = log_losses(scored.spam, scored.probability)
    return np.asarray(weights @ loss / weights.sum(axis=1))


def _expected_calibration_error(scored: Scored, weights: np.ndarray) -> np.ndarray:
    """Mean distance of probability and spam share over equal bins (Naeini et al. 2015)."""
    members = _bin_of(scored.probability)[:, None] == np.arange(BINS)
    gap = (scored.probability - scored.spam)[:, None] * members
    return np.asarray(np.abs(weights @ gap).sum(axis=1) / weights.sum(axis=1))


def _bin_of(probability: np.ndarray) -> np.ndarray:
    return np.asarray(np.minimum((probability * BINS).astype(int), BINS - 1))


def metrics_at(threshold: float) -> dict[str, Metric]:
    """Return every metric by its name; F1 and the rates are taken at `threshold`."""
    return {
        "roc_auc": _auc,
        "one_minus_auc_percent": _one_minus_auc,
        "pr_auc": _average_precision,
        "recall_at_ham_fpr_0_1_percent": _recall_at(0.001),
        "recall_at_ham_fpr_1_percent": _recall_at(0.01),
        "f1": _f1(threshold),
        "recall": _rate_called_spam(threshold, of_spam=True),
        "ham_false_positive_rate": _rate_called_spam(threshold, of_spam=False),
        "brier": _brier,
        "log_loss": _log_loss,
        "expected_calibration_error": _expected_calibration_error,
    }


def roc_auc(spam: np.ndarray, score: np.ndarray) -> float:
    """Return the area under the ROC curve for `spam (n,) bool` and `score (n,)`."""
    return _point(_auc, spam, score)


def one_minus_auc_percent(spam: np.ndarray, score: np.ndarray) -> float:
    """Return (1 - ROC-AUC) in percent, the spam filter's usual loss (TREC 2005)."""
    return _point(_one_minus_auc, spam, score)


def spam_recall_at(spam: np.ndarray, score: np.ndarray, ham_fpr: float) -> float:
    """Return the spam recall at a ham false-positive rate of at most `ham_fpr` (fraction)."""
    return _point(_recall_at(ham_fpr), spam, score)


def f1_at(spam: np.ndarray, probability: np.ndarray, threshold: float) -> float:
    """Return F1 of the verdict `probability >= threshold`, spam being the positive class."""
    return _point(_f1(threshold), spam, probability)


def _point(metric: Metric, spam: np.ndarray, score: np.ndarray) -> float:
    return float(metric(Scored.of(spam, score), np.ones((1, len(score))))[0])


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
    metrics: dict[str, Metric], spam: np.ndarray, probability: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return each metric's `(1 + resamples,)` values: the point estimate, then the resamples.

    Args:
        metrics: by name.
        spam: `(n,) bool`.
        probability: `(n,)` probability of spam.
        weights: `(resamples, n)`; the same for two models makes their difference a paired one.
    """
    scored = Scored.of(spam, probability)
    rows = max(1, _CHUNK // len(spam))
    values: dict[str, list[np.ndarray]] = {name: [] for name in metrics}
    for start in range(-1, len(weights), rows):
        # The first row of the first chunk is the sample itself.
        stop = min(start + rows, len(weights))
        chunk = weights[max(start, 0) : stop].astype(np.float64)[:, scored.order]
        if start < 0:
            chunk = np.vstack([np.ones((1, len(spam))), chunk])
        for name, metric in metrics.items():
            values[name].append(metric(scored, chunk))
    return {name: np.concatenate(parts) for name, parts in values.items()}


def interval(values: np.ndarray, confidence: float) -> dict[str, float]:
    """Return `{"value", "low", "high"}`: a percentile interval of `resampled` values."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(values[1:], [tail, 1 - tail])
    return {"value": float(values[0]), "low": float(low), "high": float(high)}
