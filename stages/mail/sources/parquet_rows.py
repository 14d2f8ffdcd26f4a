"""Rows of Parquet files, numbered from 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from stages.machine.errors import SourceError
from stages.machine.parquet import BUFFER_BYTES
from stages.mail.sources.rows import Place, Row, Table
from stages.records.messages import BATCH_ROWS


def read_parquet(stream: IO[bytes], columns: list[str], table: Table) -> Iterator[Row]:
    """Yield the rows of a Parquet file with `columns`.

    Raises:
        SourceError: two columns have one name, a needed one is missing, or a value is none that
            Python knows, such as a date of the year 20000.
    """
    import pyarrow.parquet as pq

    # Else the library reads the whole file before it yields a row, or a whole column of a group of
    # rows, of which a file may have but one.
    file = pq.ParquetFile(stream, pre_buffer=False, buffer_size=BUFFER_BYTES)
    table.check_names(file.schema_arrow.names, table.file)
    number = 0
    for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
        for values in _values(batch, table.file, number):
            number += 1
            yield Row(Place(table.file, "row", number), values)


def _values(batch: Any, file: str, before: int) -> list[dict[str, Any]]:
    """Return the rows of `batch`; if it cannot be done, say for which one."""
    strange = (ValueError, OverflowError)
    try:
        found: list[dict[str, Any]] = batch.to_pylist()
    except strange:
        for number in range(batch.num_rows):
            try:
                batch.slice(number, 1).to_pylist()
            except strange as error:
                raise SourceError(
                    f"{Place(file, 'row', before + number + 1)}: {error}",
                    expected="values within the range of their kinds, dates before the year 10000",
                    fix="repair the file",
                ) from error
        raise
    return found
