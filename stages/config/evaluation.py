"""How a candidate is measured, and what the gate demands of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT, Count, Fraction, Percent


@dataclass(frozen=True, config=STRICT)
class Evaluation:
    """The bootstrap of the holdout: its resamples, and the confidence of the intervals."""

    # Twelve bytes each for every message of the holdout.
    resamples: Annotated[int, Field(ge=100, le=100_000)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


@dataclass(frozen=True, config=STRICT)
class Gate:
    """What a candidate must reach, and how much worse than the champion it may be."""

    # (1 - ROC-AUC) in percent.
    max_one_minus_auc_percent: Percent
    # The recall of spam at a ham false-positive rate of 1 %.
    min_recall_at_1_percent: Fraction
    # At the operating point: the spam caught, and the ham lost.
    min_recall: Fraction
    max_ham_false_positive_rate: Fraction
    # The upper end of the interval of candidate - champion in (1 - AUC)%; percentage points.
    max_regression_percent: Annotated[float, Field(ge=0, le=100)]
    # Messages of each class in the holdout.
    min_holdout: Count
