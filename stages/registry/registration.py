"""What a registration takes: a model folder, its receipt, and what people want to see beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.errors import RegistryError
from stages.files import read_json, tree_digest
from stages.registry.receipt import RECEIPT, Receipt, read_receipt

MODEL = Path("data/train/model")
METRICS = Path("data/evaluate/metrics.json")
EVIDENCE = (METRICS, Path("data/evaluate/plots"), Path("data/train/trials.csv"))

# Tags of a version; the first is its identity.
DIGEST, GATE, LOSS = "digest", "gate", "holdout_one_minus_auc_percent"
# MLflow's own limit is 6,000 characters.
_PARAM_CHARS = 500


@dataclass(frozen=True)
class Registration:
    """A model on its way into the registry.

    Args:
        digest: the model digest; the bytes in `folder` must have it.
        folder: the model folder.
        receipt: the gate's word and the metrics; None where only the bytes are known.
        evidence: files and folders that are stored with the run, for people.
    """

    digest: str
    folder: Path
    receipt: Receipt | None
    evidence: tuple[Path, ...] = ()

    def params(self) -> dict[str, str]:
        """Return what `model.json` says of the model, under dotted names."""
        return _flat(read_json(self.folder / "model.json"))

    def metrics(self) -> dict[str, float]:
        """Return every metric and both ends of its interval, under flat names."""
        intervals = self.receipt.metrics if self.receipt else {}
        return {
            name if end == "value" else f"{name}.{end}": number
            for name, interval in intervals.items()
            for end, number in interval.items()
            if number is not None
        }

    def run_tags(self) -> dict[str, str]:
        """Return the tags of the run: the digests of the model and of its data."""
        data = self.receipt.data if self.receipt else {}
        return {DIGEST: self.digest, **{f"data.{split}": sha for split, sha in data.items()}}

    def version_tags(self) -> dict[str, str]:
        """Return the tags of the version: digest, the gate's word, (1-AUC)% on the holdout."""
        tags = {DIGEST: self.digest}
        if self.receipt is None:
            return tags
        tags[GATE] = "accepted" if self.receipt.gate.accepted else "refused"
        loss = self.receipt.metrics["one_minus_auc_percent"]["value"]
        return tags if loss is None else {**tags, LOSS: repr(loss)}

    def description(self) -> str | None:
        """Return the gate's reasons, for people who look at the version."""
        return "; ".join(self.receipt.gate.reasons) if self.receipt else None


def local_registration(digest: str, folder: Path) -> Registration | None:
    """Return what this checkout knows of the model `digest`, or None if `folder` isn't that model.

    Receipt and evidence come along where they speak of the same model: a registry that is filled
    late then holds what it would have held in time.
    """
    if not folder.is_dir() or tree_digest(folder) != digest:
        return None
    receipt = _receipt_of(digest)
    evidence = tuple(path for path in EVIDENCE if path.exists()) if receipt else ()
    return Registration(digest, folder, receipt, evidence)


def _receipt_of(digest: str) -> Receipt | None:
    try:
        receipt = read_receipt(RECEIPT)
    except RegistryError:
        return None
    return receipt if receipt.model == digest else None


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    leaves: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            leaves |= _flat(value, f"{prefix}{key}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            leaves[f"{prefix}{key}"] = text[:_PARAM_CHARS]
    return leaves
