"""The fetch stage: a source's mail becomes the splits train, holdout and batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stages import config
from stages.machine.files import scratch
from stages.mail.sources import open_source
from stages.mail.windows import write_splits
from stages.records.fetch_summary import FetchSummary
from stages.records.layout import SPLITS, Layout

if TYPE_CHECKING:
    from stages.compute import Cluster


@dataclass(frozen=True)
class FetchParams:
    """The sections of `params.yaml` that this stage reads."""

    seed: int
    source: config.Source
    window: config.Window
    duplicates: config.Duplicates


def run(params: FetchParams, layout: Layout, *, cluster: Cluster | None = None) -> str:
    """Write `data/fetch/{train,holdout,batch}.parquet` and `summary.json`; return a line on them.

    The files take their places, the summary last, only after all of them are whole.

    Args:
        params: what this stage reads.
        layout: the project.
        cluster: who parses raw mail; by default this machine.

    Raises:
        SourceError: the source cannot be read.
        DataError: its mail does not fill the window.
    """
    source = open_source(params.source, seed=params.seed, cluster=cluster)
    with scratch(layout.fetch_summary.parent / "new") as new:
        summary = write_splits(
            source, params.window, params.duplicates, seed=params.seed, folder=new
        )
        for path in map(layout.messages, SPLITS):
            (new / path.name).replace(path)
    summary.write(layout)
    return f"fetch: {_line(summary)}"


def _line(summary: FetchSummary) -> str:
    splits = (
        f"{name} {split.messages} ({split.spam} spam)" for name, split in summary.splits.items()
    )
    return f"{', '.join(splits)}; dropped {sum(summary.dropped.values())} copies and others"
