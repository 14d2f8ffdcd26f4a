"""What a review rests on: receipt, metrics, pointer, parameters and data, before and now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from stages.config import flat, parse
from stages.config.credentials import is_address, shown_key
from stages.config.validation import known_keys
from stages.machine.errors import ConfigError, DataError
from stages.records.document import parsed
from stages.records.fetch_summary import FetchSummary
from stages.records.layout import HERE, Layout
from stages.records.pointer import Pointer
from stages.records.receipt import Receipt
from stages.records.report import Report
from stages.records.verdict import Verdict
from stages.review.excerpts import Excerpt
from stages.versioning import git

# In the place of an address.
HIDDEN = "not shown"


@dataclass(frozen=True)
class Facts:
    """All that the page says.

    Attributes:
        base: the commit that is compared with.
        receipt: the candidate's, with the gate's decision.
        report: on candidate and champion.
        before: the digest of the model in production at `base`, if there was one.
        pointer: the pointer as it would be.
        params: changed keys of `params.yaml`, with both values; `HIDDEN` where one is an address.
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
        params=changed(parameters(params), parameters(layout.params.read_bytes())),
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
    """Return the leaves of a `params.yaml`; none where it cannot be read, as maybe an old one."""
    try:
        tree = parse(text or b"{}", "params.yaml", fix="run `make params`")
    except ConfigError:
        return {}
    return flat(tree) if isinstance(tree, dict) else {}


def changed(
    one: Mapping[str, object], other: Mapping[str, object]
) -> dict[str, tuple[object, object]]:
    """Return the leaves that differ, with both values for the page.

    An address may hold a password, in an old commit too, and the page is open to whoever reads the
    forge: of an address it says that it has changed, and so of a text under a key of earlier code.
    """
    known = known_keys()
    found: dict[str, tuple[object, object]] = {}
    for key in {**one, **other}:
        values = one.get(key), other.get(key)
        if values[0] == values[1]:
            continue
        unknown = key.rpartition(".")[2] not in known
        hidden = any(is_address(key, value) or (unknown and _has_text(value)) for value in values)
        found[shown_key(key)] = (HIDDEN, HIDDEN) if hidden else values
    return found


def _has_text(value: object) -> bool:
    return not isinstance(value, bool | int | float | None)
