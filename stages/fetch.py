"""The fetch stage: a source's mail becomes the splits train, holdout and batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stages import config
from stages.machine.files import scratch, write_json
from stages.mail.sources import open_source
from stages.mail.windows import write_splits
from stages.records.layout import SPLITS, Layout


@dataclass(frozen=True)
class FetchParams:
    """The sections of `params.yaml` that this stage reads."""

    seed: int
    source: config.Source
    window: config.Window
    duplicates: config.Duplicates


def run(params: FetchParams, layout: Layout) -> str:
    """Write `data/fetch/{train,holdout,batch}.parquet` and `summary.json`; return a line on them.

    The files take their places, the summary last, only after all of them are whole.

    Raises:
        SourceError: the source cannot be read.
        DataError: its mail does not fill the window.
    """
    source = open_source(params.source, seed=params.seed)
    with scratch(layout.fetch_summary.parent / "new") as new:
        summary = write_splits(
            source, params.window, params.duplicates, seed=params.seed, folder=new
        )
        write_json(new / layout.fetch_summary.name, summary)
        for path in (*map(layout.messages, SPLITS), layout.fetch_summary):
            (new / path.name).replace(path)
    return f"fetch: {_line(summary)}"


def _line(summary: dict[str, Any]) -> str:
    splits = (
        f"{name} {split['messages']} ({split['spam']} spam)"
        for name, split in summary["splits"].items()
    )
    return f"{', '.join(splits)}; dropped {sum(summary['dropped'].values())} copies and others"
