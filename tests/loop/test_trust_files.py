"""What trust says where a file of the commit is missing or is no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages.loop.trust import _forged, check_metrics
from stages.machine.errors import DataError
from stages.records.layout import Layout


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_is_missing_is_pulled(tmp_path: Path, content: bytes | None) -> None:
    layout = Layout(tmp_path)
    if content is not None:
        layout.evaluation.parent.mkdir(parents=True)
        layout.evaluation.write_bytes(content)
    with pytest.raises(DataError, match=r"report\.json .*fix: make pull"):
        check_metrics(layout)


@pytest.mark.parametrize("said", ["", "[" * 100_000, "[]", '{"a": 1}', "{} "])
def test_whatever_a_forged_file_says_is_one_line(said: str) -> None:
    assert "\n" not in str(_forged(Path("x.json"), said, "{}"))
