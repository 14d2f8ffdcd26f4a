"""Parquet files: the same rows have the same bytes, and a damaged file is one line."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.errors import DataError
from stages.machine.files import opened, replacing

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

# Microseconds since 1970 that Python has a date for.
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999

# Of each column, read at a time.
BUFFER_BYTES = 1_048_576
# Of a fixed-size list that may have any.
ANY_SIZE = 0


def write_parquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write `batches` of `schema` to the Parquet file `path`; return the number of rows.

    The bytes depend on the rows, their order and the batch borders alone: no dictionaries, no
    times. Nothing larger than a batch is held.
    """
    import pyarrow.parquet as pq

    rows = 0
    with replacing(path) as temporary:
        writer = pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=False)
        with writer:
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
    return rows


def parquet_head(path: Path, *, fix: str) -> pq.FileMetaData:
    """Return what the Parquet file at `path` says of its rows; see `read_parquet`."""
    import pyarrow.parquet as pq

    with _undamaged(path, fix), opened(path):
        return pq.read_metadata(path)


def read_parquet(
    path: Path, schema: pa.Schema, *, fix: str, rows: int = 65_536
) -> Iterator[pa.RecordBatch]:
    """Yield the columns of `schema` of the Parquet file at `path`, at most `rows` rows at a time.

    Args:
        path: the file.
        schema: names and types that the file must have; it may have more. A fixed-size list of
            `ANY_SIZE` may have any size, but the same in all rows.
        fix: the command that writes the file again, for errors.
        rows: of a batch.

    Raises:
        DataError: there is no such file, it is damaged, or its columns are others.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Not the default: the library would hold the whole file before it yields a row.
    with (
        _undamaged(path, fix),
        opened(path),
        pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file,
    ):
        if not file.metadata.num_rows:
            # Types are then what the writer happened to know.
            return
        found = file.schema_arrow
        for field in schema:
            types = [other.type for other in found if other.name == field.name]
            if len(types) != 1 or not _fits(types[0], field.type):
                raise pa.ArrowInvalid(f"it has no column {field.name} of {field.type}")
        for batch in file.iter_batches(rows, columns=schema.names):
            _check_values(batch, schema)
            yield _named(batch, schema)


def read_table(paths: Iterable[Path], schema: pa.Schema, *, fix: str) -> pa.Table:
    """Return the columns of `schema` of Parquet files, one after the other; see `read_parquet`."""
    import pyarrow as pa

    batches = [batch for path in paths for batch in read_parquet(path, schema, fix=fix)]
    return pa.Table.from_batches(batches) if batches else schema.empty_table()


def _named(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the columns of `batch` as `schema` has them: in its order, and nullable or not."""
    import pyarrow as pa

    columns = [batch.column(field.name) for field in schema]
    fields = [
        pa.field(field.name, column.type, nullable=field.nullable)
        for field, column in zip(schema, columns, strict=True)
    ]
    return pa.record_batch(columns, schema=pa.schema(fields))


def _fits(found: pa.DataType, wanted: pa.DataType) -> bool:
    import pyarrow as pa

    if not isinstance(wanted, pa.FixedSizeListType) or wanted.list_size != ANY_SIZE:
        return bool(found == wanted)
    return isinstance(found, pa.FixedSizeListType) and found.value_type == wanted.value_type


def _check_values(batch: pa.RecordBatch, schema: pa.Schema) -> None:
    """Raise an ArrowInvalid where `batch` holds what no program of ours has written."""
    import pyarrow as pa
    import pyarrow.compute as pc

    batch.validate(full=True)
    for field in schema:
        column = batch.column(field.name)
        if column.null_count and not field.nullable:
            raise pa.ArrowInvalid(f"{field.name} has rows without a value")
        if pa.types.is_timestamp(field.type) and len(column) > column.null_count:
            moments = column.cast(pa.int64())
            first, last = pc.min(moments).as_py(), pc.max(moments).as_py()
            if first < _FIRST or last > _LAST:
                raise pa.ArrowInvalid(f"{field.name} has dates beyond all calendars")


@contextmanager
def _undamaged(path: Path, fix: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        found = "it does not exist"
    # Arrow raises an OSError without a number where the content is at fault.
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.ENODEV, errno.EISDIR):
            raise
        found = " ".join(str(error).split())[:200]
    else:
        return
    raise DataError(f"{path} cannot be read: {found}", expected="what a stage wrote", fix=fix)
