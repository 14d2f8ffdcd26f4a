"""Any data set of the Hugging Face hub with a text column, or a local folder of that layout."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from stages import config
from stages.machine.errors import SourceError, UserError
from stages.machine.faults import disk_fault
from stages.machine.redaction import cleaned
from stages.mail.sources import Survey
from stages.mail.sources.mapping import Mapping
from stages.mail.sources.rows import Place, Row
from stages.mail.sources.tables import TableMail
from stages.records.messages import BATCH_ROWS

if TYPE_CHECKING:
    from datasets import IterableDataset

CONF = "conf/source/huggingface.yaml"


class HuggingFaceMail:
    """The splits of a data set, one after the other, streamed."""

    kind = "huggingface"

    def __init__(self, source: config.HuggingFaceSource, *, seed: int) -> None:
        self._source = source
        self._mapping = Mapping(source.columns, source.labels, CONF)
        self._table = TableMail(self._mapping, source.clock, seed=seed, read=self._read)
        # The name alone: the same folder elsewhere holds the same mail.
        self._name = Path(source.name).name if self._is_local else source.name
        where = f"of the hub at {source.revision}" if source.revision else "in a local folder"
        self.description = f"data set {self._name} {where}"

    @property
    def _is_local(self) -> bool:
        return Path(self._source.name).is_dir()

    def survey(self) -> Survey:
        """Return what the data set holds: one pass over one column."""
        return self._table.survey

    def batches(self, start: dt.datetime, end: dt.datetime) -> Iterator[pa.RecordBatch]:
        """Yield the messages dated in `[start, end)`."""
        return self._table.batches(start, end)

    def _read(self, columns: list[str]) -> Iterator[tuple[str, Row]]:
        for split in self._source.splits:
            origin = f"{self.kind}/{self._name}/{split}"
            try:
                rows = _stream(self._load(split), self._mapping, columns, origin)
                for number, values in enumerate(rows, start=1):
                    yield origin, Row(Place(origin, "row", number), values)
            except UserError:
                raise
            # The client raises what five libraries below it raise; none of it is our bug.
            except Exception as error:
                if fault := disk_fault(error):
                    raise fault from error
                raise self._unreadable(split, error) from error

    def _load(self, split: str) -> IterableDataset:
        if self._source.revision is None and not self._is_local:
            raise SourceError(
                f"{self._source.name} is not a local folder and source.revision is null",
                expected="a pinned commit for a data set of the hub",
                fix=f"set source.revision in {CONF} and run `make params`",
            )
        if self._source.revision is not None and self._is_local:
            raise SourceError(
                f"{self._source.name} is a folder here, and a data set of the hub by its revision",
                expected="one of the two: the library would take the folder",
                fix=f"rename the folder, or set source.revision in {CONF} to null and run "
                "`make params`",
            )
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from datasets import load_dataset
        from datasets.utils.logging import (
            disable_progress_bar,
        )

        disable_progress_bar()
        # A whole path: the library has readers of its own that are called "pandas" or "text".
        name = str(Path(self._source.name).absolute()) if self._is_local else self._source.name
        return load_dataset(name, revision=self._source.revision, split=split, streaming=True)

    def _unreadable(self, split: str, error: Exception) -> SourceError:
        reason = cleaned(str(error))[:200]
        return SourceError(
            f"cannot read split {split} of {self._source.name}: {type(error).__name__}: {reason}",
            expected="a data set of the hub at the pinned commit, or a local folder of that layout",
            fix=f"check the network and HF_ENDPOINT, or edit {CONF} and run `make params`",
        )


def _stream(
    rows: IterableDataset, mapping: Mapping, columns: list[str], origin: str
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one split with `columns`; class numbers become their names."""
    features: dict[str, Any] = dict(rows.features or next(iter(rows.take(1)), {}))
    mapping.check(origin, list(features))
    names = {
        column: feature.names for column in columns if hasattr(feature := features[column], "names")
    }
    for table in rows.select_columns(columns).with_format("arrow").iter(BATCH_ROWS):
        for row in table.to_pylist():
            for column, classes in names.items():
                # The hub's convention for "no label" is -1.
                row[column] = None if row[column] in (None, -1) else classes[row[column]]
            yield row
