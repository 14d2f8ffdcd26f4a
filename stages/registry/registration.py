"""What a registration takes: a model folder, and what people want to see beside it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from stages.machine.errors import RegistryError
from stages.machine.files import read_json, tree_digest
from stages.records.layout import Layout
from stages.records.receipt import Receipt

# Tags of a version; the first two are its identity.
DIGEST, PACKED, GATE, LOSS = "digest", "packed", "gate", "holdout_one_minus_auc_percent"
# MLflow's own limit is 6,000 characters.
_PARAM_CHARS = 500


@dataclass(frozen=True)
class Identity:
    """What a version is, whatever its registry calls it.

    Args:
        model: the model digest.
        packed: the digest of all that is stored with it, the model included; None where it was
            registered before that was noted.
    """

    model: str
    packed: str | None

    @property
    def named(self) -> Collection[str]:
        """The packed digests by which a registry finds this very version; empty for any."""
        return () if self.packed is None else {self.packed}


@dataclass(frozen=True)
class Registration:
    """A model on its way into a registry, and what the registry shall say of it.

    Args:
        digest: the model digest.
        folder: the model folder; its bytes have the digest.
        params: of the run: what `model.json` says, under dotted names.
        metrics: of the run: every metric and both ends of its interval, under flat names.
        run_tags: of the run: the digests of the model and of its data.
        version_tags: of the version: digest, the gate's word, (1-AUC)% on the holdout.
        description: of the version: the gate's reasons.
        evidence: files and folders that are stored with the run, for people.
        packed: the model as another registry stored it, code and requirements included; None
            where it is to be packed now.
        span: when the run began and ended, in milliseconds since 1970; None for now.
    """

    digest: str
    folder: Path
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    run_tags: Mapping[str, str]
    version_tags: Mapping[str, str]
    description: str | None
    evidence: tuple[Path, ...] = ()
    packed: Path | None = None
    span: tuple[int, int] | None = None


def registration_of(
    digest: str, folder: Path, receipt: Receipt | None, evidence: tuple[Path, ...] = ()
) -> Registration:
    """Return the registration of the model `digest` in `folder`.

    Args:
        digest: the model digest.
        folder: the model folder.
        receipt: the gate's word and the metrics; None where only the bytes are known.
        evidence: files and folders that are stored with the run.

    Raises:
        RegistryError: the folder does not hold the model `digest`.
    """
    found = tree_digest(folder)
    if found != digest:
        raise RegistryError(
            f"{folder} has the digest {found[:12]}",
            expected=f"{digest[:12]}, the model that was evaluated",
            fix="dvc repro",
        )
    return Registration(
        digest,
        folder,
        params=_flat(read_json(folder / "model.json")),
        metrics=_metrics(receipt) if receipt else {},
        run_tags={DIGEST: digest, **(_data_tags(receipt) if receipt else {})},
        version_tags={DIGEST: digest, **(_gate_tags(receipt) if receipt else {})},
        description="; ".join(receipt.gate.reasons) if receipt else None,
        evidence=evidence,
    )


def _metrics(receipt: Receipt) -> dict[str, float]:
    return {
        name if end == "value" else f"{name}.{end}": number
        for name, interval in receipt.metrics.items()
        for end, number in vars(interval).items()
        if number is not None
    }


def _data_tags(receipt: Receipt) -> dict[str, str]:
    return {f"data.{split}": sha for split, sha in receipt.data.items()}


def _gate_tags(receipt: Receipt) -> dict[str, str]:
    tags = {GATE: "accepted" if receipt.gate.accepted else "refused"}
    loss = receipt.one_minus_auc_percent.value
    return tags if loss is None else {**tags, LOSS: repr(loss)}


def local_registration(digest: str, folder: Path, layout: Layout) -> Registration:
    """Return what the checkout `layout` knows of the model `digest` in `folder`.

    Receipt and evidence come along where they speak of the same model: a registry that is filled
    late then holds what it would have held in time.

    Raises:
        RegistryError: the folder does not hold the model `digest`.
    """
    receipt = _receipt_of(digest, layout)
    evidence = tuple(path for path in layout.evidence if path.exists()) if receipt else ()
    return registration_of(digest, folder, receipt, evidence)


def _receipt_of(digest: str, layout: Layout) -> Receipt | None:
    try:
        receipt = Receipt.read(layout)
    except RegistryError:
        return None
    return receipt if receipt.model == digest else None


def _flat(tree: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    leaves: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            leaves |= _flat(value, f"{prefix}{key}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            leaves[f"{prefix}{key}"] = text[:_PARAM_CHARS]
    return leaves
