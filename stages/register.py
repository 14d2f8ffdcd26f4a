"""The register stage: the gate judges the candidate, the registry keeps it, git its receipt."""

from __future__ import annotations

from dataclasses import dataclass

from stages import config
from stages.machine.files import read_json, sha256
from stages.model.gate import judge
from stages.records.layout import Layout
from stages.records.receipt import SPLITS, write_receipt
from stages.registry.shelf import Shelf


@dataclass(frozen=True)
class RegisterParams:
    """The sections of `params.yaml` that this stage reads."""

    gate: config.Gate
    registry: config.Registry


def run(params: RegisterParams, layout: Layout, models: Shelf) -> str:
    """Register `data/train/model` and write `data/register/receipt.json`.

    A refused candidate is registered too, so that people can look at it; it is never promoted.

    Raises:
        RegistryError: the registry is unreachable, or the model is not the evaluated one.
    """
    name = params.registry.name
    data = {split: sha256(layout.messages(split)) for split in SPLITS}
    receipt = judge(read_json(layout.metrics), name=name, data=data, gate=params.gate)
    version = models.register(receipt, layout.model, layout.evidence)
    write_receipt(receipt, layout.receipt)
    verdict = "accepted" if receipt.gate.accepted else "refused"
    return f"register: {name} version {version}, {verdict}: {receipt.gate.reasons[0]}"
