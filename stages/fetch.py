"""The fetch stage: a source's mail becomes the splits train, holdout and batch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages import config
from stages.machine.console import say
from stages.machine.files import scratch, write_json
from stages.mail.sources import open_source
from stages.mail.windows import SPLITS, write_splits

OUT = Path("data/fetch")
SUMMARY = OUT / "summary.json"


@dataclass(frozen=True)
class FetchParams:
    """The sections of `params.yaml` that this stage reads."""

    seed: int
    source: config.Source
    window: config.Window
    duplicates: config.Duplicates


def run(params: FetchParams) -> None:
    """Write `data/fetch/{train,holdout,batch}.parquet` and `summary.json`.

    The files take their places, the summary last, only after all of them are whole.

    Raises:
        SourceError: the source cannot be read.
        DataError: its mail does not fill the window.
    """
    source = open_source(params.source, seed=params.seed)
    with scratch(OUT / "new") as new:
        summary = write_splits(
            source, params.window, params.duplicates, seed=params.seed, folder=new
        )
        write_json(new / SUMMARY.name, summary)
        for name in (*(f"{split}.parquet" for split in SPLITS), SUMMARY.name):
            (new / name).replace(OUT / name)
    say(f"fetch: {_line(summary)}")


def _line(summary: dict[str, Any]) -> str:
    splits = (
        f"{name} {split['messages']} ({split['spam']} spam)"
        for name, split in summary["splits"].items()
    )
    return f"{', '.join(splits)}; dropped {sum(summary['dropped'].values())} copies and others"
