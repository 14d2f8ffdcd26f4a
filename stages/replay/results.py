"""What the lives came to: window by window and in all, the same bytes each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stages import config
from stages.machine.errors import DataError
from stages.model.metrics import (
    F1,
    ONE_MINUS_AUC,
    RECALL_AT_1,
    f1_at,
    one_minus_auc_percent,
    spam_recall_at,
)
from stages.model.resampling import bootstrap_weights, interval, resampled
from stages.records.interval import Interval
from stages.replay.outcome import NO_MAIL, Confusion, LivedWindow, Outcome, Seconds, Total
from stages.replay.record import Record, Scored
from stages.replay.schedule import Policy

Lived = Sequence[tuple[Record, Scored | None]]
_Values = Mapping[str, np.ndarray]


def results(
    lives: Mapping[Policy, Lived], evaluation: config.Evaluation, seed: int
) -> dict[Policy, Outcome]:
    """Return what each policy came to.

    A window without ham or without spam has no (1-AUC)% and no recall at a ham false-positive rate:
    they are None. The totals are taken over all labelled messages of the stream at once, with
    bootstrap intervals; `against_never` is the paired difference to the policy that never retrains,
    whose messages are the same ones.

    Raises:
        DataError: the whole stream lacks a class.
    """
    samples = {policy: _sample(lived) for policy, lived in lives.items()}
    spam = next(iter(samples.values())).spam
    if spam.all() or not spam.any():
        raise DataError(
            f"the windows hold {(~spam).sum()} labelled ham and {spam.sum()} labelled spam",
            expected="messages of both classes to judge by",
            fix="set --from and --to to days that have them",
        )
    weights = bootstrap_weights(spam, evaluation.resamples, seed)
    values = {policy: _values(scored, weights) for policy, scored in samples.items()}
    never = values.get(Policy.NEVER)
    return {
        policy: Outcome(
            windows=[_window(record, scored) for record, scored in lived],
            total=Total(
                _confusion(samples[policy]),
                *_retrainings(lived),
                metrics=_intervals(values[policy], evaluation.confidence),
                against_never=_against(never, values[policy], evaluation.confidence),
            ),
        )
        for policy, lived in lives.items()
    }


def compute(lives: Mapping[Policy, Lived]) -> dict[Policy, Seconds]:
    """Return the CPU seconds of each policy, which differ from run to run."""
    return {
        policy: Seconds(
            scoring=round(sum(record.cpu_seconds for record, _ in lived), 1),
            retraining=round(sum(record.retraining_cpu_seconds for record, _ in lived), 1),
        )
        for policy, lived in lives.items()
    }


def _sample(lived: Lived) -> Scored:
    nothing = Scored(np.empty(0, bool), np.empty(0), np.empty(0, bool))
    return Scored.joined([nothing, *(scored for _, scored in lived if scored is not None)])


def _values(scored: Scored, weights: np.ndarray) -> _Values:
    ranking = {metric.name: metric.at(0.5) for metric in (ONE_MINUS_AUC, RECALL_AT_1)}
    # Of the verdicts as they were given, whatever the threshold was at the time.
    called, verdicts = scored.called_spam.astype(float), {F1.name: F1.at(0.5)}
    return {
        **resampled(ranking, scored.spam, scored.probability, weights),
        **resampled(verdicts, scored.spam, called, weights),
    }


def _intervals(values: _Values, confidence: float) -> dict[str, Interval]:
    return {name: interval(of, confidence) for name, of in values.items()}


def _against(never: _Values | None, own: _Values, confidence: float) -> dict[str, Interval] | None:
    if never is None:
        return None
    return _intervals({name: own[name] - never[name] for name in own}, confidence)


def _window(record: Record, scored: Scored | None) -> LivedWindow:
    verdict = record.verdict
    quality = verdict.quality if verdict else None
    return LivedWindow(
        start=record.start,
        end=record.end,
        messages=verdict.window.messages if verdict else 0,
        model=verdict.model[:12] if verdict else None,
        decision=verdict.decision if verdict else NO_MAIL,
        action=record.action,
        retraining=record.retraining,
        # As the verdict says them.
        log_loss=quality.log_loss if quality else None,
        log_loss_rise_low=quality.log_loss_rise_low if quality else None,
        confusion=_confusion(scored) if scored is not None else None,
        metrics=_metrics(scored) if scored is not None else {},
    )


def _metrics(scored: Scored) -> dict[str, float | None]:
    spam, probability = scored.spam, scored.probability
    both = spam.any() and not spam.all()
    return {
        ONE_MINUS_AUC.name: one_minus_auc_percent(spam, probability) if both else None,
        RECALL_AT_1.name: spam_recall_at(spam, probability, 0.01) if both else None,
        F1.name: f1_at(spam, scored.called_spam.astype(float), 0.5) if spam.any() else None,
    }


def _confusion(scored: Scored) -> Confusion:
    return Confusion(
        ham=int((~scored.spam).sum()),
        spam=int(scored.spam.sum()),
        ham_lost=int((scored.called_spam & ~scored.spam).sum()),
        spam_missed=int((scored.spam & ~scored.called_spam).sum()),
    )


def _retrainings(lived: Lived) -> tuple[int, int]:
    """Return how many were promoted, and how many refused."""
    tried = [record.retraining for record, _ in lived if record.retraining]
    promoted = sum(retraining.promoted for retraining in tried)
    return promoted, len(tried) - promoted
