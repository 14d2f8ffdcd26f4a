"""Messages in Parquet, JSON Lines or CSV files, on this machine or in S3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pyarrow as pa

from stages import config
from stages.machine.errors import SourceError
from stages.mail.sources import Survey
from stages.mail.sources.csv_rows import read_csv
from stages.mail.sources.jsonl_rows import read_jsonl
from stages.mail.sources.mapping import Mapping
from stages.mail.sources.parquet_rows import read_parquet
from stages.mail.sources.rows import Reader, Row, Table
from stages.mail.sources.storage import File, find, reading
from stages.mail.sources.tables import TableMail

CONF = "conf/source/files.yaml"


def _last(path: str) -> str:
    """Return the last part of a path: where the files stand is this machine's business."""
    return path.rsplit("/", 1)[-1]


class FilesMail:
    """The files of a list of paths and globs, in the order of their names."""

    kind = "files"

    def __init__(self, source: config.FilesSource, *, seed: int) -> None:
        self._source = source
        self._mapping = Mapping(source.columns, source.labels, CONF, source.encoding)
        self._table = TableMail(self._mapping, source.clock, seed=seed, read=self._read)
        self.description = f"{source.format} files: {', '.join(map(_last, source.paths))}"

    def survey(self) -> Survey:
        """Return what the files hold: one pass over one column."""
        return self._table.survey

    def batches(self, start: dt.datetime, end: dt.datetime) -> Iterator[pa.RecordBatch]:
        """Yield the messages dated in `[start, end)`."""
        return self._table.batches(start, end)

    def _read(self, columns: list[str]) -> Iterator[tuple[str, Row]]:
        read_rows = _READERS[self._source.format]
        keys: dict[str, None] = {}
        for file in find(self._source.paths, CONF):
            # The name alone: the same file elsewhere is the same mail.
            origin = f"{self.kind}/{file.name}"
            with reading(file, CONF) as stream:
                try:
                    for row in read_rows(stream, columns, self._table_of(file, keys)):
                        yield origin, row
                except pa.ArrowException as error:
                    raise SourceError(
                        f"{file.url} cannot be read as {self._source.format}: {error}",
                        expected=f"a {self._source.format} file",
                        fix=f"repair the file, or edit source.format in {CONF} "
                        "and run `make params`",
                    ) from error

        # One that no line of any file has is a wrong name.
        if keys:
            self._mapping.check(", ".join(self._source.paths), list(keys))

    def _table_of(self, file: File, keys: dict[str, None]) -> Table:
        return Table(
            file=file.url,
            conf=CONF,
            encoding=self._source.encoding,
            delimiter=self._source.delimiter,
            needed=set(self._mapping.fields.values()),
            check=lambda found: self._mapping.check(file.url, found),
            keys=keys,
        )


_READERS: dict[str, Reader] = {"parquet": read_parquet, "csv": read_csv, "jsonl": read_jsonl}
