"""Where a verdict goes from its file: to the kept verdicts, then into the history.

Both are idempotent. What did not arrive because a store was down arrives with the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stages import config
from stages.records.layout import HERE, Layout
from stages.records.verdict import Verdict
from stages.stores.history import history_url, rebuild, record
from stages.stores.verdicts import keep, kept, verdicts_url


def publish_verdict(verdict: Verdict, stores: config.Stores, layout: Layout = HERE) -> None:
    """Keep `verdict`, as its file says it, and write its row.

    Raises:
        StoreError: it cannot be kept, or its row cannot be written.
    """
    keep(verdicts_url(stores.verdicts, layout=layout), verdict)
    record(history_url(stores.history, layout=layout), [verdict])


def rebuild_history(files: Sequence[Path], stores: config.Stores, layout: Layout = HERE) -> int:
    """Write the rows of verdict files again; return the number.

    Args:
        files: which; if none are named, all that are kept, and where none are, the last one.
        stores: where the kept verdicts and the history are.
        layout: the checkout.

    Raises:
        DataError: a file is not a verdict.
        StoreError: the kept verdicts cannot be read, or the history cannot be written.
    """
    address = history_url(stores.history, layout=layout)
    found = [] if files else kept(verdicts_url(stores.verdicts, layout=layout))
    if found:
        record(address, found)
        return len(found)
    files = files or [layout.verdict]
    rebuild(address, files)
    return len(files)
