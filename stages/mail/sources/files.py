"""Messages in Parquet, JSON Lines or CSV files, on this machine or in S3."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Iterator
from typing import IO, Any

import pyarrow as pa

from stages import config
from stages.machine.errors import SourceError
from stages.mail.sources import Survey
from stages.mail.sources.mapping import Mapping
from stages.mail.sources.storage import File, find, reading
from stages.mail.sources.tables import TableMail
from stages.records.messages import BATCH_ROWS

CONF = "conf/source/files.yaml"
# The longest cell of a CSV file, in characters: a long mail; the library's default is 131,072.
MAX_CELL_CHARS = 16_777_216
# What the readers raise at content: wrong JSON, a date of the year 20000, brackets without end.
_MALFORMED = (csv.Error, ValueError, OverflowError, RecursionError)


def _last(path: str) -> str:
    """Return the last part of a path: where the files stand is this machine's business."""
    return path.rsplit("/", 1)[-1]


class FilesMail:
    """The files of a list of paths and globs, in the order of their names."""

    kind = "files"

    def __init__(self, source: config.FilesSource, *, seed: int) -> None:
        self._source = source
        self._mapping = Mapping(source.columns, source.labels, CONF)
        self._table = TableMail(self._mapping, source.clock, seed=seed, read=self._read)
        self.description = f"{source.format} files: {', '.join(map(_last, source.paths))}"

    def survey(self) -> Survey:
        """Return what the files hold: one pass over one column."""
        return self._table.survey

    def batches(self, start: dt.datetime, end: dt.datetime) -> Iterator[pa.RecordBatch]:
        """Yield the messages dated in `[start, end)`."""
        return self._table.batches(start, end)

    def _read(self, columns: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        read_rows = _READERS[self._source.format]
        for file in find(self._source.paths, CONF):
            # The name alone: the same file elsewhere is the same mail.
            origin = f"{self.kind}/{file.name}"
            with reading(file, CONF) as stream:
                try:
                    for row in read_rows(stream, columns, self._checker(file)):
                        yield origin, row
                except (*_MALFORMED, pa.ArrowException) as error:
                    raise SourceError(
                        f"{file.url} cannot be read as {self._source.format}: {error}",
                        expected=f"a {self._source.format} file",
                        fix=f"repair the file, or edit source.format in {CONF} "
                        "and run `make params`",
                    ) from error

    def _checker(self, file: File) -> Callable[[list[str]], None]:
        return lambda found: self._mapping.check(file.url, found)


# Each reader tells `check` which columns it found before it yields the first row.
def _parquet(
    stream: IO[bytes], columns: list[str], check: Callable[[list[str]], None]
) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(stream)
    check(file.schema_arrow.names)
    for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
        yield from batch.to_pylist()


def _csv(
    stream: IO[bytes], columns: list[str], check: Callable[[list[str]], None]
) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(MAX_CELL_CHARS)
    with io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="") as text:
        rows = csv.DictReader(text)
        check(list(rows.fieldnames or []))
        for row in rows:
            yield {column: row[column] for column in columns}


def _jsonl(
    stream: IO[bytes], columns: list[str], check: Callable[[list[str]], None]
) -> Iterator[dict[str, Any]]:
    with io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace") as text:
        checked = False
        for line in text:
            if line.isspace():
                continue
            row = json.loads(line)
            if not isinstance(row, dict):
                raise json.JSONDecodeError("a line is not an object", line[:60], 0)
            if not checked:
                check(list(row))
                checked = True
            # Later lines may leave a key out: JSON Lines has no columns.
            yield {column: row.get(column) for column in columns}


_READERS = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}
