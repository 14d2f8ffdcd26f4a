"""The messages that carry a shift most, with their subjects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Where a message of the window stands: in the batch, or in the history once the window has moved.
_SPLITS = tuple(Path(f"data/fetch/{split}.parquet") for split in ("batch", "holdout", "train"))
_EXCERPT = 200


@dataclass(frozen=True)
class Carrier:
    """A message, as strangers wrote it: to be shown through `literal` only.

    Attributes:
        subject: as it came.
        excerpt: the first characters of its text.
        weight: how much denser mail like it is in the window than in the reference, -1 to 1.
        called_spam: the production model's word; None where the verdict does not say.
    """

    subject: str
    excerpt: str
    weight: float
    called_spam: bool | None


def carriers_of(verdict: Mapping[str, Any]) -> list[Carrier]:
    """Return the messages that `verdict` names and that are at hand, in its order."""
    named = verdict.get("carriers") or []
    texts = _texts({carrier["id"] for carrier in named})
    return [
        Carrier(*texts[item["id"]], float(item.get("weight") or 0), item.get("called_spam"))
        for item in named
        if item["id"] in texts
    ]


def _texts(ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return subject and excerpt of the messages `ids`, by id, wherever they stand."""
    import pyarrow.dataset as ds

    there = [str(path) for path in _SPLITS if path.exists()]
    if not (wanted := list(ids)) or not there:
        return {}
    found = ds.dataset(there).to_table(
        columns=["id", "subject", "text"], filter=ds.field("id").isin(wanted)
    )
    return {row["id"]: (row["subject"], row["text"][:_EXCERPT]) for row in found.to_pylist()}
