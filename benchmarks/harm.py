"""How often a realised loss is called a harm when only chance sets two samples apart.

The messages that one model scored throughout a replay, none of which it learned from, are shuffled;
some stand for its holdout, others for a window. Any harm that is then found is a false one.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from benchmarks.replay_results import FalseHarms
from stages import config
from stages.drift.quality import realised_quality
from stages.model.metrics import LOG_LOSS, ONE_MINUS_AUC, log_losses
from stages.model.resampling import bootstrap_weights, interval, resampled
from stages.records.holdout import Counts, Holdout
from stages.records.messages import HAM, SPAM
from stages.records.receipt import GateDecision, Receipt
from stages.replay.record import Scored

# Messages: as many as the shipped holdout has, and the sizes of a window.
HOLDOUT, WINDOWS = 567, (300, 1000)
DRAWS = 1000


def false_harms(start: dt.date, scored: Scored, params: config.Params) -> list[FalseHarms]:
    """Return, for each size of a window, how often a harm is false; `scored` is from `start` on.

    Draws with too few messages of a class for realised quality are left out.
    """
    log_loss = float(log_losses(scored.spam, scored.probability).mean())
    rng = np.random.default_rng(params.seed)
    found = []
    for size in WINDOWS:
        known = [_hurts(scored, size, params, rng) for _ in range(DRAWS)]
        counted = [hurts for hurts in known if hurts is not None]
        found.append(FalseHarms(start, log_loss, size, draws=len(counted), hurt=sum(counted)))
    return found


def _hurts(
    scored: Scored, size: int, params: config.Params, rng: np.random.Generator
) -> bool | None:
    order = rng.permutation(len(scored.spam))
    window = order[HOLDOUT : HOLDOUT + size]
    quality = realised_quality(
        np.where(scored.spam[window], SPAM, HAM).astype(object),
        scored.probability[window],
        scored.called_spam[window],
        holdout=_held_out(scored, order[:HOLDOUT], params),
        seed=params.seed,
    )
    return quality.hurts(params.drift.max_log_loss_rise) if quality else None


def _held_out(scored: Scored, rows: np.ndarray, params: config.Params) -> Holdout:
    """Return what evaluate and register would record about these messages."""
    spam = scored.spam[rows]
    losses = {metric.name: metric.at(0.5) for metric in (ONE_MINUS_AUC, LOG_LOSS)}
    weights = bootstrap_weights(spam, params.evaluation.resamples, params.seed)
    values = resampled(losses, spam, scored.probability[rows], weights)
    confidence = params.evaluation.confidence
    metrics = {name: interval(values[name], confidence) for name in losses}
    counts = Counts(ham=int((~spam).sum()), spam=int(spam.sum()))
    gate = GateDecision(accepted=True, reasons=[])
    return Receipt("", "", {}, counts, metrics, confidence, None, gate).achieved()
