"""A window without mail is a quiet week, and a stage that fails is not."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from stages.loop import judging
from stages.loop.judging import judge_newest
from stages.machine.errors import StageError
from stages.records.layout import Layout
from stages.records.messages import MESSAGE_SCHEMA

DAY = dt.date(2002, 9, 2)


class Source:
    """A source of as many messages."""

    def __init__(self, messages: int) -> None:
        self._messages = messages

    def batches(self, start: dt.datetime, end: dt.datetime) -> Iterator[pa.RecordBatch]:
        assert (start.date(), end.date()) == (dt.date(2002, 8, 26), DAY)
        columns = [pa.nulls(self._messages, field.type) for field in MESSAGE_SCHEMA]
        yield pa.RecordBatch.from_arrays(columns, schema=MESSAGE_SCHEMA)


@pytest.fixture
def layout(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A checkout in which no stage succeeds."""

    def fail(*_: object, **__: object) -> None:
        raise StageError("fetch failed", status=2)

    monkeypatch.setattr(judging, "reproduce", fail)
    shutil.copytree(root / "conf", tmp_path / "conf")
    shutil.copy(root / "params.yaml", tmp_path)
    return Layout(tmp_path)


def test_a_window_without_mail_is_not_judged_and_not_an_error(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(judging, "open_source", lambda *_, **__: Source(0))
    assert judge_newest(DAY, layout) is None
    assert "2002-08-26_2002-09-02 has no mail yet" in capsys.readouterr().out


def test_a_stage_that_fails_on_mail_is_an_error(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "open_source", lambda *_, **__: Source(1))
    with pytest.raises(StageError):
        judge_newest(DAY, layout)
