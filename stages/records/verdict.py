"""The verdict on a window of mail, as `data/monitor/drift.json` and the kept files have it.

A field that later code added has a default: the files of earlier code load, and what they do not
say is None. What is None here and absent from the file is marked `_IfKnown`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter

from stages.machine.errors import DataError
from stages.machine.files import json_text, rounded, write_text
from stages.records.decision import Cause, Decision
from stages.records.document import Digest, parsed, plain, read_document
from stages.records.layout import Layout

T = TypeVar("T")
_IfKnown = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
# JSON has no infinity: the file says null.
_Limit = Annotated[float, BeforeValidator(lambda value: math.inf if value is None else value)]


@dataclass(frozen=True)
class JudgedWindow:
    """The window that a verdict is on.

    Attributes:
        start: its first day; `from` in the file.
        end: the day after its last; `to` in the file.
        messages: how many it holds.
        predicted_spam_share: the part of them that the model called spam, 0-1.
        copies: how many are near copies of others, and were set aside.
    """

    start: Annotated[dt.date, Field(alias="from")]
    end: Annotated[dt.date, Field(alias="to")]
    messages: int
    predicted_spam_share: float
    copies: int | None = None


@dataclass(frozen=True)
class JudgedAgainst:
    """The reference of the model in production.

    Attributes:
        messages: how many it holds.
        usual_windows: how many windows of it the usual difference was taken from; 0 where it was
            too short for any, None where nothing was compared.
    """

    messages: int
    usual_windows: int | None = None


@dataclass(frozen=True)
class Measurement:
    """What one statistic says of a window, in units that people know.

    Attributes:
        value: the statistic as people read it, see `stages.drift.statistics`.
        threshold: in the same unit; the statistic votes above it. Infinite where the permutations
            were too few for the false-alarm rate.
        p_value: under permutation, the statistic's own.
        ratio: excess over chance in units of the threshold's excess. Of squared distances, so 4
            is twice as far. It grows with the window.
        effect: excess over chance in units of the usual excess between windows of the reference
            (`stages.drift.usual`); also of squared distances. It does not grow with the window.
        voted: whether value > threshold.
        floor: the effect beyond which the difference is unusual.
    """

    value: float
    threshold: _Limit
    p_value: float
    ratio: float
    effect: float
    voted: bool
    floor: float | None = None

    @property
    def unusual(self) -> bool:
        """Whether windows of the reference hardly ever differ so much."""
        return self.floor is not None and self.effect > self.floor


@dataclass(frozen=True)
class Quality:
    """Realised quality on the labelled messages of a window.

    Attributes:
        one_minus_auc_percent: (1 - ROC-AUC) in percent.
        spam: messages labelled spam.
        ham: messages labelled ham.
        one_minus_auc_percent_low: the lower end of its bootstrap interval.
        recall_at_ham_fpr_1_percent: spam recall at a ham false-positive rate of 1 %, 0-1.
        f1: of the verdicts as they were given, spam being the positive class.
        log_loss: nats a message, at the holdout's share of spam, whatever the window's is.
        log_loss_rise_low: how much it surely lies above the holdout's; None where that is unknown.
        holdout_log_loss: the champion's on its holdout.
        holdout_one_minus_auc_percent: the same.
    """

    one_minus_auc_percent: float
    spam: int | None = None
    ham: int | None = None
    one_minus_auc_percent_low: float | None = None
    recall_at_ham_fpr_1_percent: float | None = None
    f1: float | None = None
    log_loss: float | None = None
    log_loss_rise_low: float | None = None
    holdout_log_loss: float | None = None
    holdout_one_minus_auc_percent: float | None = None

    def hurts(self, limit: float) -> bool:
        """Return whether the log loss has surely risen by more than `limit` nats a message.

        It is a mean over messages, so a week of labels determines it well; (1-AUC)% depends on
        the few spam messages that rank below ham, and may be three times as high before that is
        sure. And it rises as soon as ham is nearly lost, before any is.
        """
        return self.log_loss_rise_low is not None and self.log_loss_rise_low > limit


@dataclass(frozen=True)
class Scores:
    """The model's scores on a window beside those on its reference, which were given out of fold.

    Attributes:
        score_distance: the largest difference between the two distributions of probabilities, 0-1
            (Kolmogorov-Smirnov).
        error_percent: messages of the window whose verdict is wrong, if the probabilities are true.
        reference_error_percent: the same of the reference.
    """

    score_distance: float
    error_percent: float
    reference_error_percent: float

    @property
    def rise(self) -> float:
        """How much more error the window has, in percentage points."""
        return self.error_percent - self.reference_error_percent

    def hurts(self, limit: float) -> bool:
        """Return whether the estimated error rises by more than `limit` percentage points."""
        return self.rise > limit


@dataclass(frozen=True)
class Explanation:
    """The two tests behind a cause.

    Attributes:
        spam_share: of the window as the model calls it, 0-1.
        reference_spam_share: of the reference, as the model called it out of fold.
        share_p_value: of the difference between the two.
        content_p_value: of the vote within the classes.
        cause: None where neither test alone is sure.
    """

    spam_share: float
    reference_spam_share: float
    share_p_value: float
    content_p_value: float
    cause: Cause | None


@dataclass(frozen=True)
class Carrier:
    """A message of the window that carries its change.

    Attributes:
        id: the message's.
        weight: of the witness function: how much denser mail like it is in the window than in the
            reference, from -1 to 1.
        called_spam: the model's verdict; None where the file does not say.
    """

    id: str
    weight: float = 0.0
    called_spam: bool | None = None


@dataclass(frozen=True)
class Verdict:
    """The decision on one window, with everything it rests on; no time, no run id.

    Attributes:
        decision: what was found.
        model: the digest of the model in production.
        window: what was judged.
        reference: what it was compared with.
        votes: how many statistics are beyond their thresholds.
        p_value: of the calibrated vote as a whole; None where there was not enough mail.
        statistics: what each statistic says, by its name; empty where there was not enough mail.
        quality: realised quality; None where too few labels are known.
        reasons: plain sentences, the deciding one first.
        changed: whether the mail has changed.
        matters: whether that matters.
        quorum: how many votes a change needs.
        false_alarm_rate: of the vote, 0-1.
        effect_floor: the effect beyond which a short reference calls a difference unusual.
        unusual_rate: how many usual windows lie beyond the floors, 0-1.
        max_log_loss_rise: the log loss may surely rise by this much, in nats a message.
        max_estimated_rise_percent: the same of the estimated error, in percentage points.
        max_realised_loss_percent: the limit of (1-AUC)% by which earlier code judged.
        scores: the model's scores and the error they imply; None where there was not enough mail.
        cause: what explains the change; None where there is none, or neither test is sure.
        explanation: the tests behind the cause; None where the mail has not changed.
        carriers: the messages that carry the change, the first most.
        report: where the page about this verdict is, as a path of the project.
    """

    decision: Decision
    model: Digest
    window: JudgedWindow
    reference: JudgedAgainst
    votes: int
    p_value: float | None
    statistics: Mapping[str, Measurement]
    quality: Quality | None
    reasons: tuple[str, ...] = ()
    changed: bool | None = None
    matters: bool | None = None
    quorum: int | None = None
    false_alarm_rate: float | None = None
    effect_floor: float | None = None
    unusual_rate: float | None = None
    max_log_loss_rise: float | None = None
    max_estimated_rise_percent: float | None = None
    max_realised_loss_percent: _IfKnown[float] = None
    scores: Scores | None = None
    cause: Cause | None = None
    explanation: Explanation | None = None
    carriers: tuple[Carrier, ...] = field(default=())
    report: _IfKnown[str] = None

    @property
    def drifted(self) -> bool:
        """Whether the mail has changed in a way that matters."""
        return self.decision is Decision.DRIFT

    @property
    def text(self) -> str:
        """The verdict as its file has it: canonical JSON, rounded."""
        return json_text(rounded(plain(_VERDICT, self)))

    def as_written(self) -> Verdict:
        """Return the verdict as its file says it: rounded."""
        return parse_verdict(self.text)

    def write(self, layout: Layout) -> None:
        """Write `layout.verdict`, whole or not at all."""
        write_text(layout.verdict, self.text)

    @classmethod
    def read(cls, layout: Layout) -> Verdict:
        """Return the last verdict.

        Raises:
            DataError: there is none, or the file is not one.
        """
        return read_document(
            _VERDICT,
            layout.verdict,
            error=DataError,
            expected="the verdict that the monitor stage writes",
            fix="dvc repro monitor",
        )


_VERDICT = TypeAdapter(Verdict)


def parse_verdict(content: bytes | str) -> Verdict:
    """Return the verdict that the JSON `content` holds.

    Raises:
        ValueError: it is not a verdict; the text names the first fault.
    """
    return parsed(_VERDICT, content)
