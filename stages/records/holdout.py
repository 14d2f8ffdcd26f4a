"""The holdout: how many messages it has, and what a model achieved on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

_Count = Annotated[int, Field(ge=1)]
_Loss = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class Counts:
    """Messages of each class.

    Attributes:
        ham: messages labelled ham.
        spam: messages labelled spam.
    """

    ham: int
    spam: int


@dataclass(frozen=True)
class Holdout:
    """A model's losses on its holdout: what its realised quality is measured against.

    Attributes:
        ham: messages of it.
        spam: messages of it.
        one_minus_auc_percent: (1 - ROC-AUC) in percent.
        log_loss: nats a message.
        log_loss_error: its standard error.
    """

    # It decides what goes into production: nothing is guessed, nothing passed over.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")

    ham: _Count
    spam: _Count
    one_minus_auc_percent: _Loss
    log_loss: _Loss
    log_loss_error: _Loss

    @property
    def spam_share(self) -> float:
        """How much of it is spam, 0-1."""
        return self.spam / (self.ham + self.spam)
