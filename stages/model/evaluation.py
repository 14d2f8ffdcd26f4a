"""A model, and the champion beside it, on the same held-out messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from stages import config
from stages.model.metrics import HAM_LOST, METRICS, ONE_MINUS_AUC, RECALL, metrics_at
from stages.model.resampling import bootstrap_weights, interval, resampled
from stages.model.tables import Split
from stages.records.holdout import Counts
from stages.records.interval import Interval
from stages.records.metrics import Headline
from stages.records.report import ModelReport, Report, Slice

# A slice with fewer messages of a class is left out: its intervals would say nothing.
MIN_SLICE_CLASS = 10
# Borders of the length slices, in characters of body text.
SHORT, LONG = 1_000, 4_000
SLICE_METRICS = (ONE_MINUS_AUC, RECALL, HAM_LOST)


@dataclass(frozen=True)
class HoldoutScores:
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
    candidate: HoldoutScores,
    champion: HoldoutScores | None,
    evaluation: config.Evaluation,
    seed: int,
) -> Report:
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
    own = _intervals(values, evaluation.confidence)
    beside, difference = None, None
    if champion is not None:
        theirs = _resampled(spam, champion, weights)
        intervals = _intervals(theirs, evaluation.confidence)
        saw = _saw(champion, split)
        beside = ModelReport(champion.model, champion.threshold, intervals, saw_holdout=saw)
        apart = {name: values[name] - theirs[name] for name in values}
        difference = _intervals(apart, evaluation.confidence)
    return Report(
        confidence=evaluation.confidence,
        holdout=_counts(spam),
        candidate=ModelReport(candidate.model, candidate.threshold, own),
        champion=beside,
        difference=difference,
        slices=dict(_slices(split, candidate, evaluation, seed)),
    )


def headline(report: Report) -> Headline:
    """Return the few numbers of the candidate that people compare first."""
    found = report.candidate.metrics
    return Headline(
        {metric.headline: found[metric.name].value for metric in METRICS if metric.headline}
    )


def _saw(scores: HoldoutScores, split: Split) -> bool:
    """Return whether a model has learned from days of the holdout: its scores there flatter it."""
    first = split.column("received_at")[0]
    return scores.trained_until is not None and bool(scores.trained_until >= first)


def _resampled(
    spam: np.ndarray, scores: HoldoutScores, weights: np.ndarray
) -> dict[str, np.ndarray]:
    return resampled(metrics_at(scores.threshold), spam, scores.probability, weights)


def _intervals(values: Mapping[str, np.ndarray], confidence: float) -> dict[str, Interval]:
    return {name: interval(resamples, confidence) for name, resamples in values.items()}


def _counts(spam: np.ndarray) -> Counts:
    return Counts(ham=int((~spam).sum()), spam=int(spam.sum()))


def _slices(
    split: Split, scores: HoldoutScores, evaluation: config.Evaluation, seed: int
) -> Iterator[tuple[str, Slice]]:
    """Yield a few metrics of each slice of the holdout that has enough of both classes."""
    metrics = {metric.name: metric.at(scores.threshold) for metric in SLICE_METRICS}
    for name, members in _members(split):
        spam = split.spam[members]
        counts = _counts(spam)
        if min(counts.ham, counts.spam) < MIN_SLICE_CLASS:
            continue
        weights = bootstrap_weights(spam, evaluation.resamples, seed)
        values = resampled(metrics, spam, scores.probability[members], weights)
        found = _intervals(values, evaluation.confidence)
        yield name, Slice(counts.ham, counts.spam, found)


def _members(split: Split) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the `(n,) bool` members of each slice: month, headers, length."""
    months = np.array([f"{moment:%Y-%m}" for moment in split.column("received_at")])
    for month in sorted(set(months)):
        yield f"month {month}", months == month
    for column, name in (("is_list", "list"), ("is_html", "html")):
        known = np.array([value is not None for value in split.column(column)])
        yes = np.array([value is True for value in split.column(column)])
        yield f"{name} yes", known & yes
        yield f"{name} no", known & ~yes
    yield "sealed", np.array([value is not None for value in split.column("sealed")])
    length = np.array([len(str(text)) for text in split.column("text")])
    yield f"length below {SHORT}", length < SHORT
    yield f"length {SHORT} to {LONG}", (length >= SHORT) & (length < LONG)
    yield f"length {LONG} and above", length >= LONG
