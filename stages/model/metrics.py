"""The metrics: how each is computed from probabilities and labels, and how people read it.

A new metric is a function and an entry of `METRICS`. See `stages.model.resampling` for the weights
that a function takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stages.model.resampling import Compute, Ranked
from stages.records.interval import Interval

BINS = 15
_CLIP = 1e-6


def _auc(ranked: Ranked, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve by the trapezoid rule; ties count half."""
    spam, ham = ranked.counts(weights)
    zero = np.zeros((len(weights), 1))
    before, height = np.hstack([zero, spam[:, :-1]]), np.diff(ham, axis=1, prepend=0)
    area = np.sum(height * (spam + before) / 2, axis=1)
    return np.asarray(area / (spam[:, -1] * ham[:, -1]))


def _one_minus_auc(ranked: Ranked, weights: np.ndarray) -> np.ndarray:
    return 100 * (1 - _auc(ranked, weights))


def _average_precision(ranked: Ranked, weights: np.ndarray) -> np.ndarray:
    """Average precision, the step-wise area under the precision-recall curve."""
    spam, ham = ranked.counts(weights)
    called = spam + ham
    precision = np.divide(spam, called, out=np.ones_like(spam), where=called > 0)
    gained = np.diff(spam, axis=1, prepend=0)
    return np.asarray(np.sum(gained * precision, axis=1) / spam[:, -1])


def _recall_at(rate: float) -> Compute:
    """Spam recall at the lowest threshold whose ham false-positive rate is at most `rate`."""

    def recall(ranked: Ranked, weights: np.ndarray) -> np.ndarray:
        spam, ham = ranked.counts(weights)
        allowed = ham <= rate * ham[:, -1:] + 1e-9
        return np.asarray(np.max(np.where(allowed, spam, 0), axis=1) / spam[:, -1])

    return recall


def _f1(threshold: float) -> Compute:
    def f1(ranked: Ranked, weights: np.ndarray) -> np.ndarray:
        called = ranked.probability >= threshold
        hits = weights @ (called & ranked.spam).astype(float)
        wrong = weights @ (called != ranked.spam).astype(float)
        return np.asarray(2 * hits / np.maximum(2 * hits + wrong, _CLIP))

    return f1


def _rate_called_spam(threshold: float, *, of_spam: bool) -> Compute:
    """Share of one class at or above the threshold: recall, or the false-positive rate."""

    def rate(ranked: Ranked, weights: np.ndarray) -> np.ndarray:
        members = ranked.spam == of_spam
        called = members & (ranked.probability >= threshold)
        return np.asarray((weights @ called.astype(float)) / (weights @ members.astype(float)))

    return rate


def _brier(ranked: Ranked, weights: np.ndarray) -> np.ndarray:
    loss = (ranked.probability - ranked.spam) ** 2
    return np.asarray(weights @ loss / weights.sum(axis=1))


def log_losses(spam: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Return the log loss of each message, `(n,)` nats, at most 13.8: of 1e-6 for what was true."""
    clipped = np.clip(probability, _CLIP, 1 - _CLIP)
    return np.asarray(-np.where(spam, np.log(clipped), np.log(1 - clipped)))


def _log_loss(ranked: Ranked, weights: np.ndarray) -> np.ndarray:
    loss = log_losses(ranked.spam, ranked.probability)
    return np.asarray(weights @ loss / weights.sum(axis=1))


def _expected_calibration_error(ranked: Ranked, weights: np.ndarray) -> np.ndarray:
    """Mean distance of probability and spam share over equal bins (Naeini et al. 2015)."""
    members = _bin_of(ranked.probability)[:, None] == np.arange(BINS)
    gap = (ranked.probability - ranked.spam)[:, None] * members
    return np.asarray(np.abs(weights @ gap).sum(axis=1) / weights.sum(axis=1))


def _bin_of(probability: np.ndarray) -> np.ndarray:
    return np.asarray(np.minimum((probability * BINS).astype(int), BINS - 1))


@dataclass(frozen=True)
class Metric:
    """One number about a model on labelled messages.

    Attributes:
        name: in the report, the receipt and MLflow.
        title: in sentences, tables and pictures.
        lower_is_better: whether the smaller of two models is the better one.
        at: returns how it is computed for verdicts at a threshold, which most metrics pass over.
        headline: its name in `data/evaluate/metrics.json`, where DVC's tables leave little room;
            empty where it is in the report alone.
        decimals: how many people read; fractions need one more than percentages.
    """

    name: str
    title: str
    lower_is_better: bool
    at: Callable[[float], Compute]
    headline: str = ""
    decimals: int = 3

    @property
    def heading(self) -> str:
        """The title, and which way is better where that is not the usual one."""
        return f"{self.title}, lower is better" if self.lower_is_better else self.title

    def shown(self, interval: Interval, sign: str = "") -> str:
        """Return `interval` of this metric for people: `0.26 [0.04, 0.58]`."""
        return f"{interval:{sign}.{self.decimals}f}"


def _ranks(compute: Compute) -> Callable[[float], Compute]:
    """Return `compute` for every threshold: it looks at the probabilities alone."""
    return lambda _: compute


def _calls(*, of_spam: bool) -> Callable[[float], Compute]:
    return lambda threshold: _rate_called_spam(threshold, of_spam=of_spam)


ONE_MINUS_AUC = Metric(
    "one_minus_auc_percent",
    "(1-AUC)%",
    lower_is_better=True,
    at=_ranks(_one_minus_auc),
    headline="auc_loss",
    decimals=2,
)
RECALL_AT_1 = Metric(
    "recall_at_ham_fpr_1_percent",
    "spam caught at 1 % ham lost",
    lower_is_better=False,
    at=_ranks(_recall_at(0.01)),
    headline="recall_at_1",
)
RECALL_AT_0_1 = Metric(
    "recall_at_ham_fpr_0_1_percent",
    "spam caught at 0.1 % ham lost",
    lower_is_better=False,
    at=_ranks(_recall_at(0.001)),
)
F1 = Metric("f1", "F1 of the verdicts", lower_is_better=False, at=_f1, headline="f1")
RECALL = Metric(
    "recall", "spam caught by the verdicts", lower_is_better=False, at=_calls(of_spam=True)
)
HAM_LOST = Metric(
    "ham_false_positive_rate",
    "ham lost by the verdicts",
    lower_is_better=True,
    at=_calls(of_spam=False),
    headline="ham_lost",
)
BRIER = Metric("brier", "Brier score", lower_is_better=True, at=_ranks(_brier), headline="brier")
LOG_LOSS = Metric("log_loss", "log loss", lower_is_better=True, at=_ranks(_log_loss))
CALIBRATION_ERROR = Metric(
    "expected_calibration_error",
    "expected calibration error",
    lower_is_better=True,
    at=_ranks(_expected_calibration_error),
    headline="ece",
)
ROC_AUC = Metric("roc_auc", "ROC-AUC", lower_is_better=False, at=_ranks(_auc))
PR_AUC = Metric("pr_auc", "average precision", lower_is_better=False, at=_ranks(_average_precision))
# In the order in which people read them.
METRICS = (
    ONE_MINUS_AUC,
    RECALL_AT_1,
    RECALL_AT_0_1,
    F1,
    RECALL,
    HAM_LOST,
    BRIER,
    LOG_LOSS,
    CALIBRATION_ERROR,
    ROC_AUC,
    PR_AUC,
)


def metrics_at(threshold: float) -> dict[str, Compute]:
    """Return how each metric is computed, by name; F1 and the rates are taken at `threshold`."""
    return {metric.name: metric.at(threshold) for metric in METRICS}


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


def _point(metric: Compute, spam: np.ndarray, score: np.ndarray) -> float:
    return float(metric(Ranked.of(spam, score), np.ones((1, len(score))))[0])
