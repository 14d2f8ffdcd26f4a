"""Documents are written back as they were read, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self

import pytest

from stages.records.fetch_summary import FetchSummary
from stages.records.infer_summary import InferSummary
from stages.records.layout import Layout
from stages.records.metrics import Headline
from stages.records.pointer import Pointer
from stages.records.receipt import Receipt
from stages.records.report import Report

GOLDEN = Path(__file__).parent / "golden"
ROOM = Layout(Path())


class Document(Protocol):
    @classmethod
    def read(cls, layout: Layout) -> Self: ...

    def write(self, layout: Layout) -> None: ...


@pytest.mark.parametrize(
    ("name", "record", "place"),
    [
        ("receipt", Receipt, ROOM.receipt),
        ("production", Pointer, ROOM.pointer),
        ("vacant", Pointer, ROOM.pointer),
        ("fetch_summary", FetchSummary, ROOM.fetch_summary),
        ("infer_summary", InferSummary, ROOM.infer_summary),
        ("infer_nothing", InferSummary, ROOM.infer_summary),
        ("report", Report, ROOM.evaluation),
        ("first_report", Report, ROOM.evaluation),
        ("metrics", Headline, ROOM.metrics),
    ],
)
def test_a_document_is_written_as_it_was_read(
    tmp_path: Path, name: str, record: type[Document], place: Path
) -> None:
    golden = (GOLDEN / f"{name}.json").read_bytes()
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_bytes(golden)
    document = record.read(Layout(tmp_path))
    path.unlink()
    document.write(Layout(tmp_path))
    assert path.read_bytes() == golden
    # What was read is what was written: nothing is rounded or renamed on the way.
    assert record.read(Layout(tmp_path)) == document
