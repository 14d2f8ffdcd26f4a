"""Batches as bytes and back, with their borders, and a digest that tells when they are damaged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

_DIGEST_BYTES = 32


def pack(batches: Sequence[pa.RecordBatch]) -> bytes:
    """Return `batches`, at least one and of one schema, as bytes: the same for the same batches."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    content = sink.getvalue().to_pybytes()
    return hashlib.sha256(content).digest() + content


def unpack(packed: bytes) -> Iterator[pa.RecordBatch]:
    """Yield the batches of `pack`.

    Raises:
        ValueError: `packed` is damaged.
    """
    digest, content = packed[:_DIGEST_BYTES], packed[_DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != digest:
        raise ValueError("its digest is another one")
    with pa.ipc.open_stream(content) as reader:
        yield from reader


def cut(
    batches: Iterable[pa.RecordBatch], *, rows: int, most_bytes: int
) -> Iterator[list[pa.RecordBatch]]:
    """Yield `batches` in parts: whole batches, up to `rows` rows or `most_bytes` bytes."""
    part: list[pa.RecordBatch] = []
    count = size = 0
    for batch in batches:
        part.append(batch)
        count += batch.num_rows
        size += batch.nbytes
        if count >= rows or size >= most_bytes:
            yield part
            part, count, size = [], 0, 0
    if part:
        yield part
