"""What a review rests on: receipt, metrics, pointer, parameters and data, before and now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stages.config import flat
from stages.machine.errors import DataError
from stages.machine.files import read_json
from stages.records.layout import HERE, Layout
from stages.records.pointer import Pointer, read_pointer
from stages.records.receipt import Receipt, read_receipt
from stages.records.verdict import Verdict
from stages.review.excerpts import Excerpt
from stages.versioning import git


@dataclass(frozen=True)
class Facts:
    """All that the page says.

    Attributes:
        base: the commit that is compared with.
        receipt: the candidate's, with the gate's decision.
        metrics: `data/evaluate/metrics.json`.
        before: the digest of the model in production at `base`, if there was one.
        pointer: the pointer as it would be.
        params: changed keys of `params.yaml`, with both values.
        digests: of train and holdout at `base`; empty where it has no receipt.
        fetched: `data/fetch/summary.json`, or None where it is missing.
        verdict: on drift, or None.
        excerpts: of the messages that carry the shift.
    """

    base: str
    receipt: Receipt
    metrics: Mapping[str, Any]
    before: str | None
    pointer: Pointer
    params: Mapping[str, tuple[Any, Any]]
    digests: Mapping[str, str]
    fetched: Mapping[str, Any] | None
    verdict: Verdict | None
    excerpts: Sequence[Excerpt]


def gather(
    base: str,
    *,
    verdict: Verdict | None,
    excerpts: Sequence[Excerpt] = (),
    layout: Layout = HERE,
) -> Facts:
    """Return what there is to say about a checkout, compared with the commit `base`.

    Raises:
        DataError: metrics and receipt are of two models.
        RegistryError: there is no receipt, or no pointer.
    """
    receipt, metrics = read_receipt(layout.receipt), read_json(layout.metrics)
    if metrics["candidate"]["model"] != receipt.model:
        raise DataError(
            f"{layout.metrics} is of the model {metrics['candidate']['model'][:12]}",
            expected=f"the receipt's, {receipt.model[:12]}",
            fix="dvc repro register",
        )
    pointer, earlier = (_before(base, path, layout) for path in (layout.pointer, layout.receipt))
    params = git.content(base, layout.params, layout)
    return Facts(
        base=base,
        receipt=receipt,
        metrics=metrics,
        before=pointer["model"] if pointer else None,
        pointer=read_pointer(layout.pointer),
        params=_differing(parameters(params), parameters(layout.params.read_bytes())),
        digests=earlier["data"] if earlier else {},
        fetched=read_json(layout.fetch_summary) if layout.fetch_summary.exists() else None,
        verdict=verdict,
        excerpts=excerpts,
    )


def _before(base: str, path: Path, layout: Layout) -> dict[str, Any] | None:
    text = git.content(base, path, layout)
    found: dict[str, Any] | None = json.loads(text) if text else None
    return found


def parameters(text: bytes | None) -> dict[str, Any]:
    """Return the leaves of a `params.yaml` without the addresses of stores.

    They change no result, may hold a password, and the page is open to whoever reads the forge.
    """
    tree = yaml.safe_load(text or b"{}") or {}
    return flat({section: values for section, values in tree.items() if section != "stores"})


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    return {key: (one.get(key), other.get(key)) for key in keys}
