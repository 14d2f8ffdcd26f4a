"""Where a verdict goes from its file: to the kept verdicts, then into the history.

Both are idempotent. What did not arrive because a store was down arrives with the next run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stages import config
from stages.stores.history import history_url, rebuild, record
from stages.stores.verdicts import keep, kept, verdicts_url

VERDICT = Path("data/monitor/drift.json")


def publish_verdict(verdict: Mapping[str, Any], drift: config.Drift) -> None:
    """Keep `verdict`, as its file says it, and write its row.

    Raises:
        DataError: it is no verdict.
        StoreError: it cannot be kept, or its row cannot be written.
    """
    keep(verdicts_url(drift.verdicts_url), verdict)
    record(history_url(drift.history_url), [verdict])


def rebuild_history(files: Sequence[Path], drift: config.Drift) -> int:
    """Write the rows of verdict files again; return how many.

    Args:
        files: which; if none are named, all that are kept, and where none are, the last one.
        drift: says where.

    Raises:
        DataError: a file is no verdict.
        StoreError: the kept verdicts cannot be read, or the history cannot be written.
    """
    address = history_url(drift.history_url)
    found = [] if files else kept(verdicts_url(drift.verdicts_url))
    if found:
        record(address, found)
        return len(found)
    files = files or [VERDICT]
    rebuild(address, files)
    return len(files)
