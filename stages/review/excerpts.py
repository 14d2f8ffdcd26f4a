"""Excerpts of the messages that carry a shift most, with their subjects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stages.records.layout import SPLITS, Layout
from stages.records.verdict import Carrier

_LENGTH = 200


@dataclass(frozen=True)
class Excerpt:
    """A message, as strangers wrote it: to be shown through `literal` only.

    Attributes:
        subject: as it came.
        text: the first characters of it.
        weight: how much denser mail like it is in the window than in the reference, -1 to 1.
        called_spam: what the production model said; None where the verdict does not say.
    """

    subject: str
    text: str
    weight: float
    called_spam: bool | None


def excerpts_of(carriers: Sequence[Carrier], layout: Layout) -> list[Excerpt]:
    """Return the messages that a verdict names and that are here, in its order."""
    texts = _texts([carrier.id for carrier in carriers], layout)
    return [
        Excerpt(*texts[carrier.id], carrier.weight, carrier.called_spam)
        for carrier in carriers
        if carrier.id in texts
    ]


def _texts(ids: Iterable[str], layout: Layout) -> dict[str, tuple[str, str]]:
    """Return subject and excerpt of the messages `ids`, by id.

    They are in the batch or, once the window has moved, in the history.
    """
    import pyarrow.dataset as ds

    paths = [layout.messages(split) for split in reversed(SPLITS)]
    there = [str(path) for path in paths if path.exists()]
    if not (wanted := list(ids)) or not there:
        return {}
    found = ds.dataset(there).to_table(
        columns=["id", "subject", "text"], filter=ds.field("id").isin(wanted)
    )
    return {row["id"]: (row["subject"], row["text"][:_LENGTH]) for row in found.to_pylist()}
