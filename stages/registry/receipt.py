"""The receipt of a registration: what was registered and what the gate said, for git.

It holds no run id, version or time, so the same candidate always gives the same receipt.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.errors import RegistryError
from stages.files import read_json, write_json
from stages.registry.gate import GateDecision

RECEIPT = Path("data/register/receipt.json")


@dataclass(frozen=True)
class Receipt:
    """What was registered.

    Args:
        name: the registered model's name.
        model: the model digest.
        data: the SHA-256 of each split that made or judged the model.
        holdout: messages of each class in the holdout.
        metrics: the candidate's metrics, each of `value`, `low` and `high`.
        champion: the digest of the model it was compared with; None where there was none.
        gate: the gate's decision.
    """

    name: str
    model: str
    data: Mapping[str, str]
    holdout: Mapping[str, int]
    metrics: Mapping[str, Mapping[str, float | None]]
    champion: str | None
    gate: GateDecision


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
        champion=champion["model"] if champion else None,
        gate=gate,
    )


def write_receipt(receipt: Receipt, path: Path = RECEIPT) -> None:
    """Write `receipt` to `path`, whole or not at all."""
    write_json(path, dataclasses.asdict(receipt))


def read_receipt(path: Path = RECEIPT) -> Receipt:
    """Return the receipt at `path`.

    Raises:
        RegistryError: there is none, or it is malformed.
    """
    try:
        content = read_json(path)
        return Receipt(**{**content, "gate": GateDecision(**content["gate"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"no candidate's receipt at {path} ({type(error).__name__})",
            expected="the receipt that the register stage writes",
            mend="dvc repro register",
        ) from None
