"""Mail in time order becomes three splits: train and holdout of the labelled past, and the batch.

[start ··· train ··· | ··· holdout ··· until)     [batch_from ··· batch_to)
 labelled, one of each group of copies             all of it, as it came
"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import numpy as np

from stages import config
from stages.machine.errors import DataError
from stages.machine.files import sha256
from stages.machine.parquet import write_parquet
from stages.mail.progress import shown_rows
from stages.mail.sources import MailSource, Survey
from stages.mail.splits import Cutter, Selection
from stages.records.fetch_summary import FetchSummary, SourceSummary, SplitSummary
from stages.records.messages import HAM, LABELS, MESSAGE_SCHEMA, SPAM

# The keys of `window` that move a split.
_MOVED_BY = {
    "train": "window.start or window.holdout_days",
    "holdout": "window.until or window.holdout_days",
    "batch": "window.batch_from and window.batch_to",
}


def write_splits(
    source: MailSource,
    window: config.Window,
    duplicates: config.Duplicates,
    *,
    seed: int,
    folder: Path,
) -> FetchSummary:
    """Write train, holdout and batch as `<folder>/<split>.parquet`; return what went into them.

    Each file holds `MESSAGE_SCHEMA` sorted by (`received_at`, `id`). Of one id the first counts.
    History (train and holdout) is labelled messages only, and of each group of near duplicates only
    one, the first with the label of the latest: copies would inflate cross-validation, and a copy
    of a training message would stand in the holdout. The batch is real traffic and keeps its own.

    Args:
        source: where the mail comes from.
        window: its edges are midnight UTC.
        duplicates: what counts as a near duplicate.
        seed: of the permutations and of the sample.
        folder: of the three files, and of temporary ones.

    Returns:
        The same for the same mail, whatever order the source yields it in, unless copies of one
        moment have different labels.

    Raises:
        SourceError: the source is missing or not of its declared layout.
        DataError: train or holdout is empty or has one class only, or the batch is empty although
            there is later mail, or a gap before it.
    """
    survey = source.survey()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".spool-", suffix=".tmp", dir=folder) as spools:
        cutter = Cutter(source, window, duplicates, seed, Path(spools))
        written: dict[str, SplitSummary] = {}
        for cut in (cutter.history, cutter.batch):
            with cut() as splits:
                for split in splits:
                    if not _to_come(split, window, survey):
                        _check(split, source.kind, survey)
                written |= {split.name: _written(split, Path(spools)) for split in splits}
        for path in Path(spools).glob("*.parquet"):
            path.replace(folder / path.name)
    return FetchSummary(
        source=_summary(source, survey),
        splits=written,
        dropped={"undated": survey.undated, **cutter.dropped},
        contradictions=cutter.contradictions,
    )


def _summary(source: MailSource, survey: Survey) -> SourceSummary:
    return SourceSummary(
        source.kind, source.description, survey.messages, survey.first, survey.last
    )


def _to_come(split: Selection, window: config.Window, survey: Survey) -> bool:
    """Return whether `split` is the batch right behind the history, and its mail is yet to come.

    A retraining that learns from all mail until today leaves such a batch.
    """
    behind = split.name == "batch" and window.batch_from == window.until
    return behind and survey.last is not None and survey.last < split.start


def _check(split: Selection, kind: str, survey: Survey) -> None:
    """Raise a DataError if `split` is empty, or if it has one class and is to be learned from."""
    days = f"{split.name} [{split.start:%Y-%m-%d}, {split.end:%Y-%m-%d})"
    fix = f"edit {_MOVED_BY[split.name]} in conf/source/{kind}.yaml and run `make params`"
    if not len(split.places):
        span = "no dated mail at all"
        if survey.first is not None and survey.last is not None:
            span = f"mail from {survey.first:%Y-%m-%d} to {survey.last:%Y-%m-%d}"
        needed = "messages" if split.name == "batch" else "labelled messages"
        raise DataError(
            f"{days} holds no {needed}", expected=f"dates within the source: {span}", fix=fix
        )
    counts = {label: split.count(label) for label in LABELS}
    if split.name != "batch" and not all(counts.values()):
        found = " and ".join(f"{count} {label}" for label, count in counts.items())
        raise DataError(f"{days} holds {found}", expected="messages of both classes", fix=fix)


def _written(split: Selection, folder: Path) -> SplitSummary:
    path = folder / f"{split.name}.parquet"
    batches = split.spool.batches(split.places, split.groups)
    counted = shown_rows(batches, doing=f"writing {split.name}", total=len(split.places))
    write_parquet(path, MESSAGE_SCHEMA, counted)
    ends = split.spool.received[split.places[[0, -1]]].tolist() if len(split.places) else []
    return SplitSummary(
        messages=len(split.places),
        ham=split.count(HAM),
        spam=split.count(SPAM),
        unlabelled=split.count(None),
        groups=len(np.unique(split.groups)),
        start=split.start,
        end=split.end,
        first=_date(ends[0]) if ends else None,
        last=_date(ends[1]) if ends else None,
        sha256=sha256(path),
    )


def _date(microseconds: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=microseconds)
