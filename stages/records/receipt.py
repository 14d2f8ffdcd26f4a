"""The receipt of a registration: what was registered and what the gate said, for git.

It holds no run id, version or time, so the same candidate always gives the same receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from pydantic import TypeAdapter

from stages.machine.errors import RegistryError
from stages.machine.files import json_text, rounded, write_text
from stages.records.document import parsed, plain, read_document
from stages.records.holdout import Counts, Holdout
from stages.records.interval import Interval
from stages.records.layout import Layout
from stages.records.report import Report

# Whose digests a receipt names. Not the batch: new mail must not look like a new candidate.
SPLITS = ("train", "holdout")


@dataclass(frozen=True)
class GateDecision:
    """What the gate decided.

    Args:
        accepted: whether every check passed.
        reasons: a sentence for each check, those that refused first.
    """

    accepted: bool
    reasons: list[str]


@dataclass(frozen=True)
class Receipt:
    """What was registered.

    Args:
        name: the registered model's name.
        model: the model digest.
        data: the SHA-256 of each split that made or judged the model.
        holdout: messages of each class in the holdout.
        metrics: the candidate's, by name.
        confidence: of these intervals, 0-1.
        champion: the digest of the model it was compared with; None where there was none.
        gate: the gate's decision.
        packed: the digest of all that the registry stores as this version: model, code,
            requirements, `MLmodel`; None in receipts from before it was noted.
    """

    name: str
    model: str
    data: Mapping[str, str]
    holdout: Counts
    metrics: Mapping[str, Interval]
    confidence: float
    champion: str | None
    gate: GateDecision
    packed: str | None = None

    @property
    def one_minus_auc_percent(self) -> Interval:
        """The loss that the gate looks at first."""
        return self.metrics["one_minus_auc_percent"]

    def achieved(self) -> Holdout:
        """Return what the candidate achieved on its holdout.

        Raises:
            RegistryError: a loss is null; the gate accepts no such candidate.
        """
        auc, loss = self.one_minus_auc_percent.value, self.metrics["log_loss"]
        value, low, high = loss.value, loss.low, loss.high
        if auc is None or value is None or low is None or high is None:
            raise RegistryError(
                f"the model {self.model[:12]} has no loss on its holdout",
                expected="(1-AUC)%, and log loss with its interval",
                fix="dvc repro register",
            )
        # The interval is value ± z standard errors, if the resampled means are about normal.
        z = NormalDist().inv_cdf((1 + self.confidence) / 2)
        error = round((high - low) / (2 * z), 4)
        return Holdout(self.holdout.ham, self.holdout.spam, auc, value, error)

    @property
    def text(self) -> str:
        """The receipt as its file has it: canonical JSON, rounded."""
        return json_text(rounded(plain(_RECEIPT, self)))

    def write(self, layout: Layout) -> None:
        """Write `layout.receipt`, whole or not at all."""
        write_text(layout.receipt, self.text)

    @classmethod
    def read(cls, layout: Layout) -> Receipt:
        """Return the receipt of the last candidate.

        Raises:
            RegistryError: there is none, or the file is not one.
        """
        return read_document(
            _RECEIPT,
            layout.receipt,
            error=RegistryError,
            expected="the receipt that the register stage writes",
            fix="dvc repro register",
        )


_RECEIPT = TypeAdapter(Receipt)


def parse_receipt(content: bytes | str) -> Receipt:
    """Return the receipt that the JSON `content` holds.

    Raises:
        ValueError: it is not a receipt; the text names the first fault.
    """
    return parsed(_RECEIPT, content)


def candidate_receipt(
    name: str, report: Report, *, data: Mapping[str, str], gate: GateDecision
) -> Receipt:
    """Return the receipt of the candidate that `report` is about."""
    return Receipt(
        name=name,
        model=report.candidate.model,
        data=data,
        holdout=report.holdout,
        metrics=report.candidate.metrics,
        confidence=report.confidence,
        champion=report.champion.model if report.champion else None,
        gate=gate,
    )
