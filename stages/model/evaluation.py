"""A model, and the champion beside it, on the same held-out messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from stages import config
from stages.model.metrics import bootstrap_weights, interval, metrics_at, resampled
from stages.model.tables import Split
from stages.records.messages import HAM, SPAM

# A slice with fewer messages of a class is left out: its intervals would say nothing.
MIN_SLICE_CLASS = 10
# Borders of the length slices, in characters of body text.
SHORT, LONG = 1_000, 4_000
SLICE_METRICS = ("one_minus_auc_percent", "recall", "ham_false_positive_rate")


@dataclass(frozen=True)
class Scores:
    """What a model said of the holdout.

    Attributes:
        model: its digest.
        probability: `(n,) float64`.
        threshold: of its verdict.
        trained_until: when the newest message that it has learned from was received.
    """

    model: str
    probability: np.ndarray
    threshold: float
    trained_until: dt.datetime | None = None


def evaluate(
    split: Split,
    candidate: Scores,
    champion: Scores | None,
    evaluation: config.Evaluation,
    seed: int,
) -> dict[str, Any]:
    """Return the metrics of `candidate`, of `champion`, and of their paired difference.

    Both are resampled with the same weights, so the interval of the difference is a paired one.

    Args:
        split: the holdout, n messages.
        candidate: the model under test.
        champion: the model it would replace, if there is one.
        evaluation: resamples and confidence.
        seed: of the resampling.
    """
    spam = split.spam
    weights = bootstrap_weights(spam, evaluation.resamples, seed)
    values = _resampled(spam, candidate, weights)
    report: dict[str, Any] = {
        "confidence": evaluation.confidence,
        "holdout": {"ham": int((~spam).sum()), "spam": int(spam.sum())},
        "candidate": _described(candidate, values, evaluation.confidence),
        "champion": None,
        "difference": None,
        "slices": _slices(split, candidate, evaluation, seed),
    }
    if champion is not None:
        theirs = _resampled(spam, champion, weights)
        report["champion"] = _described(champion, theirs, evaluation.confidence)
        report["champion"]["saw_holdout"] = _saw(champion, split)
        report["difference"] = {
            name: interval(values[name] - theirs[name], evaluation.confidence) for name in values
        }
    return report


def _saw(scores: Scores, split: Split) -> bool:
    """Return whether a model has learned from days of the holdout: its scores there flatter it."""
    first = split.column("received_at")[0]
    return scores.trained_until is not None and bool(scores.trained_until >= first)


def _resampled(spam: np.ndarray, scores: Scores, weights: np.ndarray) -> dict[str, np.ndarray]:
    return resampled(metrics_at(scores.threshold), spam, scores.probability, weights)


def _described(scores: Scores, values: dict[str, np.ndarray], confidence: float) -> dict[str, Any]:
    intervals = {name: interval(resamples, confidence) for name, resamples in values.items()}
    return {"model": scores.model, "threshold": scores.threshold, **intervals}


def _slices(
    split: Split, scores: Scores, evaluation: config.Evaluation, seed: int
) -> dict[str, Any]:
    """Return a few metrics of each slice of the holdout that has enough of both classes."""
    report: dict[str, Any] = {}
    every = metrics_at(scores.threshold)
    metrics = {name: every[name] for name in SLICE_METRICS}
    for name, members in _members(split):
        spam = split.spam[members]
        if min(spam.sum(), (~spam).sum()) < MIN_SLICE_CLASS:
            continue
        weights = bootstrap_weights(spam, evaluation.resamples, seed)
        values = resampled(metrics, spam, scores.probability[members], weights)
        report[name] = {
            HAM: int((~spam).sum()),
            SPAM: int(spam.sum()),
            **{key: interval(found, evaluation.confidence) for key, found in values.items()},
        }
    return report


def _members(split: Split) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the `(n,) bool` members of each slice: month, list, HTML, length."""
    months = np.array([f"{moment:%Y-%m}" for moment in split.column("received_at")])
    for month in sorted(set(months)):
        yield f"month {month}", months == month
    for column, name in (("is_list", "list"), ("is_html", "html")):
        known = np.array([value is not None for value in split.column(column)])
        yes = np.array([value is True for value in split.column(column)])
        yield f"{name} yes", known & yes
        yield f"{name} no", known & ~yes
    length = np.array([len(str(text)) for text in split.column("text")])
    yield f"length below {SHORT}", length < SHORT
    yield f"length {SHORT} to {LONG}", (length >= SHORT) & (length < LONG)
    yield f"length {LONG} and above", length >= LONG
