"""The receipt of a registration: what was registered and what the gate said, for git.

It holds no run id, version or time, so the same candidate always gives the same receipt.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

from stages.machine.errors import RegistryError
from stages.machine.files import read_json, write_json
from stages.records.holdout import Holdout

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
        metrics: the candidate's metrics, each of `value`, `low` and `high`.
        confidence: of these intervals, 0-1.
        champion: the digest of the model it was compared with; None where there was none.
        gate: the gate's decision.
    """

    name: str
    model: str
    data: Mapping[str, str]
    holdout: Mapping[str, int]
    metrics: Mapping[str, Mapping[str, float | None]]
    confidence: float
    champion: str | None
    gate: GateDecision

    def achieved(self) -> Holdout:
        """Return what the candidate achieved on its holdout.

        Raises:
            RegistryError: a loss is null; the gate accepts no such candidate.
        """
        auc = self.metrics["one_minus_auc_percent"]["value"]
        value, low, high = (self.metrics["log_loss"][end] for end in ("value", "low", "high"))
        if auc is None or value is None or low is None or high is None:
            raise RegistryError(
                f"the model {self.model[:12]} has no loss on its holdout",
                expected="(1-AUC)%, and log loss with its interval",
                fix="dvc repro register",
            )
        # The interval is value ± z standard errors, if the resampled means are about normal.
        z = NormalDist().inv_cdf((1 + self.confidence) / 2)
        error = round((high - low) / (2 * z), 4)
        return Holdout(self.holdout["ham"], self.holdout["spam"], auc, value, error)


def candidate_receipt(
    name: str, metrics: Mapping[str, Any], *, data: Mapping[str, str], gate: GateDecision
) -> Receipt:
    """Return the receipt of the candidate that `metrics` (`data/evaluate/metrics.json`) judges."""
    candidate, champion = metrics["candidate"], metrics["champion"]
    return Receipt(
        name=name,
        model=candidate["model"],
        data=data,
        holdout={label: metrics["holdout"][label] for label in ("ham", "spam")},
        metrics={key: item for key, item in candidate.items() if isinstance(item, dict)},
        confidence=metrics["confidence"],
        champion=champion["model"] if champion else None,
        gate=gate,
    )


def write_receipt(receipt: Receipt, path: Path) -> None:
    """Write `receipt` to `path`, whole or not at all."""
    write_json(path, dataclasses.asdict(receipt))


def parse_receipt(content: Any) -> Receipt:
    """Return the receipt of a file's content; KeyError or TypeError where it is none."""
    return Receipt(**{**content, "gate": GateDecision(**content["gate"])})


def read_receipt(path: Path) -> Receipt:
    """Return the receipt at `path`.

    Raises:
        RegistryError: there is none, or it is malformed.
    """
    try:
        return parse_receipt(read_json(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"no candidate's receipt at {path} ({type(error).__name__})",
            expected="the receipt that the register stage writes",
            fix="dvc repro register",
        ) from None
