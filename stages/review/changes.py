"""What has changed: the window, the parameters, the data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from stages.review.facts import HIDDEN, Facts
from stages.review.literal import literal
from stages.review.markdown import table

_MOST_ROWS = 40


def changes(facts: Facts) -> str:
    """Return the changed parameters and the data, counts and digests, as Markdown."""
    return "\n".join([*_params(facts), *_data(facts)])


def _params(facts: Facts) -> Iterator[str]:
    yield "\n## What has changed\n"
    if not facts.params:
        yield "No parameter."
        return
    shown = islice(facts.params.items(), _MOST_ROWS)
    yield table(["parameter", "before", "now"], [_change(key, *values) for key, values in shown])
    if (more := len(facts.params) - _MOST_ROWS) > 0:
        yield f"\nand {more} more: `git diff {facts.base[:12]} -- params.yaml`"


def _change(key: str, old: object, new: object) -> list[str]:
    if HIDDEN in (old, new):
        return [literal(key), HIDDEN, "changed"]
    return [literal(key), literal(old), literal(new)]


def _data(facts: Facts) -> Iterator[str]:
    yield ""
    rows = []
    for name, digest in sorted(facts.receipt.data.items(), reverse=True):
        before = facts.digests.get(name)
        same = "the same" if before == digest else f"before {literal((before or 'none')[:12])}"
        rows.append([name, *_counts(facts, name, digest), literal(digest[:12]), same])
    yield table(["data", "messages", "ham", "spam", "days", "SHA-256", ""], rows)


def _counts(facts: Facts, name: str, digest: str) -> list[str]:
    """Return the counts of a split; empty where what is fetched here is not it."""
    split = facts.fetched.splits[name] if facts.fetched else None
    if split is None or split.sha256 != digest:
        return ["", "", "", ""]
    return [str(split.messages), str(split.ham), str(split.spam), split.days]
