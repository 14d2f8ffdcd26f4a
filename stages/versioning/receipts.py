"""The receipts of this checkout and of its history: what git says of registered models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from stages.machine.errors import GitError
from stages.records.layout import Layout
from stages.versioning import git

# How far back a model is looked for, in commits that changed the receipt.
_MOST_COMMITS = 200


def packings(layout: Layout, digest: str) -> frozenset[str]:
    """Return the packed digests that receipts name for the model `digest`."""
    own = _parsed(layout.receipt.read_bytes() if layout.receipt.is_file() else None)
    earlier = (receipt for _, receipt in receipts_of(layout, digest))
    found = (receipt.get("packed") for receipt in (own, *earlier) if receipt.get("model") == digest)
    return frozenset(packed for packed in found if isinstance(packed, str))


def receipts_of(layout: Layout, digest: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield commit and receipt where a commit's receipt is of the model `digest`, newest first."""
    path = layout.receipt
    try:
        commits = git.history(path, layout, most=_MOST_COMMITS)
    except GitError:
        # No repository, or no git, as in the image of the scheduled job.
        return
    for commit in commits:
        receipt = _parsed(git.content(commit, path, layout))
        if receipt.get("model") == digest:
            yield commit, receipt


def _parsed(content: bytes | None) -> Mapping[str, Any]:
    """Return a receipt as its JSON has it, of whatever age; empty if it is none."""
    try:
        receipt = json.loads(content or b"null")
    except ValueError:
        return {}
    return receipt if isinstance(receipt, dict) else {}
