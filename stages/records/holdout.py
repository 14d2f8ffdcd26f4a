"""What a model achieved on its holdout: what its realised quality is measured against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Holdout:
    """A model's losses on its holdout.

    Attributes:
        ham: messages of it.
        spam: messages of it.
        one_minus_auc_percent: (1 - ROC-AUC) in percent.
        log_loss: nats a message.
        log_loss_error: its standard error.
    """

    ham: int
    spam: int
    one_minus_auc_percent: float
    log_loss: float
    log_loss_error: float

    @property
    def spam_share(self) -> float:
        """How much of it is spam, 0-1."""
        return self.spam / (self.ham + self.spam)
