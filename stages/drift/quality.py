"""What the model really achieved on a window, where people have labelled it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stages.mail.message import HAM, SPAM
from stages.model.metrics import (
    bootstrap_weights,
    f1_at,
    interval,
    metrics_at,
    resampled,
    spam_recall_at,
)

# Of each class. Below this the standard error of a usual (1-AUC)% exceeds the value itself.
FEWEST_LABELLED = 20
RESAMPLES, CONFIDENCE = 500, 0.9


@dataclass(frozen=True)
class Quality:
    """Realised quality on the labelled messages of a window.

    Attributes:
        spam: labelled spam.
        ham: labelled ham.
        one_minus_auc_percent: (1 - ROC-AUC) in percent.
        one_minus_auc_percent_low: the lower end of its bootstrap interval.
        recall_at_ham_fpr_1_percent: spam recall at a ham false-positive rate of 1 %, 0-1.
        f1: of the verdicts as they were given, spam being the positive class.
        holdout_one_minus_auc_percent: the champion's on its holdout; None where unknown.
    """

    spam: int
    ham: int
    one_minus_auc_percent: float
    one_minus_auc_percent_low: float
    recall_at_ham_fpr_1_percent: float
    f1: float
    holdout_one_minus_auc_percent: float | None

    @property
    def loss(self) -> float | None:
        """How much worse than on the holdout, in percentage points; None where unknown."""
        if self.holdout_one_minus_auc_percent is None:
            return None
        return self.one_minus_auc_percent - self.holdout_one_minus_auc_percent

    def hurts(self, limit: float) -> bool:
        """Return whether the loss is known and surely above `limit` percentage points.

        Surely: at the lower end of its interval, for a week may hold a score of spam only.
        """
        holdout = self.holdout_one_minus_auc_percent
        return holdout is not None and self.one_minus_auc_percent_low - holdout > limit


def realised_quality(
    labels: NDArray[np.object_],
    probability: NDArray[np.float64],
    called_spam: NDArray[np.bool_],
    *,
    holdout_loss: float | None,
    seed: int,
) -> Quality | None:
    """Return the quality on the labelled messages; None for fewer than `FEWEST_LABELLED` a class.

    Args:
        labels: (n,) of "ham", "spam" or None.
        probability: (n,) of spam.
        called_spam: (n,) the verdicts.
        holdout_loss: the champion's (1-AUC)% on its holdout, if known.
        seed: of the bootstrap.
    """
    known = (labels == SPAM) | (labels == HAM)
    spam = labels[known] == SPAM
    if min(spam.sum(), (~spam).sum()) < FEWEST_LABELLED:
        return None
    probability = probability[known]
    loss = interval(_resampled_loss(spam, probability, seed), CONFIDENCE)
    return Quality(
        spam=int(spam.sum()),
        ham=int((~spam).sum()),
        one_minus_auc_percent=loss["value"],
        one_minus_auc_percent_low=loss["low"],
        recall_at_ham_fpr_1_percent=spam_recall_at(spam, probability, 0.01),
        f1=f1_at(spam, called_spam[known].astype(np.float64), 0.5),
        holdout_one_minus_auc_percent=holdout_loss,
    )


def _resampled_loss(
    spam: NDArray[np.bool_], probability: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    name = "one_minus_auc_percent"
    metric = {name: metrics_at(0.5)[name]}
    return resampled(metric, spam, probability, bootstrap_weights(spam, RESAMPLES, seed))[name]
