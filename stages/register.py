"""The register stage: the gate judges the candidate, the registry keeps it, git its receipt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stages import config
from stages.machine.files import sha256
from stages.model.gate import judge
from stages.records.layout import Layout
from stages.records.receipt import SPLITS
from stages.records.report import Report
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
        DataError: there is no report.
        RegistryError: the registry is unreachable, or the model is not the evaluated one.
    """
    name = params.registry.name
    data = {split: sha256(layout.messages(split)) for split in SPLITS}
    receipt = judge(Report.read(layout), name=name, data=data, gate=params.gate)
    stored = models.register(receipt, layout.model, layout.evidence)
    replace(receipt, packed=stored.packed).write(layout)
    verdict = "accepted" if receipt.gate.accepted else "refused"
    return f"register: {name} version {stored.version}, {verdict}: {receipt.gate.reasons[0]}"
