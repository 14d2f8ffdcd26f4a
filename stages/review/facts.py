"""What a review rests on: receipt, metrics, pointer, parameters and data, before and now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from stages.config import flat
from stages.machine.errors import DataError
from stages.records.document import parsed
from stages.records.fetch_summary import FetchSummary
from stages.records.layout import HERE, Layout
from stages.records.pointer import Pointer
from stages.records.receipt import Receipt
from stages.records.report import Report
from stages.records.verdict import Verdict
from stages.review.excerpts import Excerpt
from stages.versioning import git


@dataclass(frozen=True)
class Facts:
    """All that the page says.

    Attributes:
        base: the commit that is compared with.
        receipt: the candidate's, with the gate's decision.
        report: on candidate and champion.
        before: the digest of the model in production at `base`, if there was one.
        pointer: the pointer as it would be.
        params: changed keys of `params.yaml`, with both values.
        digests: of train and holdout at `base`; empty where it has no receipt.
        fetched: what went into the splits; None where it is not available.
        verdict: on drift, or None.
        excerpts: of the messages that carry the shift.
    """

    base: str
    receipt: Receipt
    report: Report
    before: str | None
    pointer: Pointer
    params: Mapping[str, tuple[object, object]]
    digests: Mapping[str, str]
    fetched: FetchSummary | None
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
        DataError: there is no report, or it is of another model than the receipt.
        RegistryError: there is no receipt, or no pointer.
    """
    receipt, report = Receipt.read(layout), Report.read(layout)
    if report.candidate.model != receipt.model:
        raise DataError(
            f"{layout.evaluation} is of the model {report.candidate.model[:12]}",
            expected=f"the receipt's, {receipt.model[:12]}",
            fix="dvc repro register",
        )
    pointer, earlier = (_before(base, path, layout) for path in (layout.pointer, layout.receipt))
    params = git.content(base, layout.params, layout)
    return Facts(
        base=base,
        receipt=receipt,
        report=report,
        before=pointer.model,
        pointer=Pointer.read(layout),
        params=_differing(parameters(params), parameters(layout.params.read_bytes())),
        digests=earlier.data,
        fetched=FetchSummary.read(layout) if layout.fetch_summary.exists() else None,
        verdict=verdict,
        excerpts=excerpts,
    )


@dataclass(frozen=True)
class _Before:
    """What the page takes from a pointer or a receipt, which earlier code may have written."""

    model: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)


_BEFORE = TypeAdapter(_Before)


def _before(base: str, path: Path, layout: Layout) -> _Before:
    return parsed(_BEFORE, git.content(base, path, layout) or b"{}")


def parameters(text: bytes | None) -> dict[str, object]:
    """Return the leaves of a `params.yaml` without the addresses of stores.

    They change no result, may hold a password, and the page is open to whoever reads the forge.
    """
    tree = yaml.safe_load(text or b"{}") or {}
    return flat({section: values for section, values in tree.items() if section != "stores"})


def _differing(
    one: Mapping[str, object], other: Mapping[str, object]
) -> dict[str, tuple[object, object]]:
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    return {key: (one.get(key), other.get(key)) for key in keys}
