"""What the model really achieved on a window, where people have labelled it."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from stages.model.metrics import ONE_MINUS_AUC, f1_at, log_losses, spam_recall_at
from stages.model.resampling import bootstrap_chunks, chunk_rows, interval, resampled
from stages.records.holdout import Holdout
from stages.records.messages import HAM, SPAM
from stages.records.verdict import Quality

# Of each class. Below this the standard error of a usual (1-AUC)% exceeds the value itself.
FEWEST_LABELLED = 20
# Of the lower end of an interval, on that side alone.
SURE = 0.95
RESAMPLES = 500


def realised_quality(
    labels: NDArray[np.object_],
    probability: NDArray[np.float64],
    called_spam: NDArray[np.bool_],
    *,
    holdout: Holdout | None,
    seed: int,
) -> Quality | None:
    """Return the quality on the labelled messages; None for fewer than `FEWEST_LABELLED` a class.

    Args:
        labels: (n,) of "ham", "spam" or None.
        probability: (n,) of spam.
        called_spam: (n,) the verdicts.
        holdout: what the champion achieved on its holdout, if known.
        seed: of the bootstrap.
    """
    known = (labels == SPAM) | (labels == HAM)
    spam = labels[known] == SPAM
    if min(spam.sum(), (~spam).sum()) < FEWEST_LABELLED:
        return None
    probability = probability[known]
    losses = _resampled_loss(spam, probability, seed)
    share = holdout.spam_share if holdout else float(spam.mean())
    log_loss, error = _standardised(log_losses(spam, probability), spam, share)
    return Quality(
        spam=int(spam.sum()),
        ham=int((~spam).sum()),
        one_minus_auc_percent=float(losses[0]),
        one_minus_auc_percent_low=interval(losses, 2 * SURE - 1).low,
        recall_at_ham_fpr_1_percent=spam_recall_at(spam, probability, 0.01),
        f1=f1_at(spam, called_spam[known].astype(np.float64), 0.5),
        log_loss=log_loss,
        log_loss_rise_low=_sure_rise(log_loss, error, holdout) if holdout else None,
        holdout_log_loss=holdout.log_loss if holdout else None,
        holdout_one_minus_auc_percent=holdout.one_minus_auc_percent if holdout else None,
    )


def _standardised(
    losses: NDArray[np.float64], spam: NDArray[np.bool_], spam_share: float
) -> tuple[float, float]:
    """Return the mean of `losses` if `spam_share` of the messages were spam, and its error."""
    parts = [(spam_share, losses[spam]), (1 - spam_share, losses[~spam])]
    mean = sum(share * part.mean() for share, part in parts)
    variance = sum(share**2 * part.var(ddof=1) / len(part) for share, part in parts)
    return float(mean), float(np.sqrt(variance))


def _sure_rise(log_loss: float, error: float, holdout: Holdout) -> float:
    """Return the lower end of the interval of the difference of two independent means."""
    z = NormalDist().inv_cdf(SURE)
    return log_loss - holdout.log_loss - z * float(np.hypot(error, holdout.log_loss_error))


def _resampled_loss(
    spam: NDArray[np.bool_], probability: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    weights = bootstrap_chunks(spam, RESAMPLES, seed, chunk_rows(len(spam)))
    name = ONE_MINUS_AUC.name
    # It looks at the ranking alone: any threshold gives the same.
    return resampled({name: ONE_MINUS_AUC.at(0.5)}, spam, probability, weights)[name]
