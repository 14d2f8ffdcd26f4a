"""The register stage: the gate judges the candidate, the registry keeps it, git its receipt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stages import config
from stages.machine.console import say
from stages.machine.files import read_json, sha256
from stages.model.gate import decide
from stages.records.receipt import Receipt, candidate_receipt, write_receipt
from stages.registry.mlflow.connect import open_registry
from stages.registry.registration import EVIDENCE, METRICS, MODEL, registration_of

# Not the batch: a new week of mail must not look like a new candidate.
DATA = {split: Path(f"data/fetch/{split}.parquet") for split in ("train", "holdout")}


@dataclass(frozen=True)
class RegisterParams:
    """The sections of `params.yaml` that this stage reads."""

    gate: config.Gate
    registry: config.Registry


def run(params: RegisterParams) -> None:
    """Register `data/train/model` and write `data/register/receipt.json`.

    A refused candidate is registered too, so that people can look at it; it is never promoted.

    Raises:
        RegistryError: the registry is unreachable, or the model is not the evaluated one.
    """
    receipt = judge(params)
    registry = open_registry(params.registry)
    version = registry.register(registration_of(receipt.model, MODEL, receipt, EVIDENCE))
    write_receipt(receipt)
    verdict = "accepted" if receipt.gate.accepted else "refused"
    say(f"register: {registry.name} version {version}, {verdict}: {receipt.gate.reasons[0]}")


def judge(params: RegisterParams) -> Receipt:
    """Return the receipt of the candidate that was evaluated, with the gate's decision on it."""
    metrics = read_json(METRICS)
    data = {split: sha256(path) for split, path in DATA.items()}
    decision = decide(metrics, params.gate)
    return candidate_receipt(params.registry.name, metrics, data=data, gate=decision)
