"""The kept verdict files: in a folder, and in a real S3."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages.machine.errors import DataError, StoreError
from stages.records.decision import Decision
from stages.records.layout import HERE, Layout
from stages.records.verdict import Verdict, parse_verdict
from stages.stores.publication import publish_verdict, rebuild_history
from stages.stores.verdicts import keep, kept, verdicts_url
from tests.stores.history_samples import VERDICT, on_week
from tests.stores.samples import stores

NAME = "aaaaaaaaaaaaaaaa_2002-09-02_2002-09-09.json"


def other(**values: Any) -> Verdict:
    return dataclasses.replace(VERDICT, **values)


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place of each kind, with nothing in it."""
    if request.param == "folder":
        return str(tmp_path / "kept")
    place: str = request.getfixturevalue("s3_place")
    return f"{place}/verdicts"


@pytest.fixture
def put(url: str) -> Callable[[str, bytes], None]:
    """Put bytes beside the kept verdicts."""

    def write(name: str, content: bytes) -> None:
        if url.startswith("s3://"):
            from stages.stores.s3 import filesystem

            filesystem().pipe_file(f"{url.removeprefix('s3://')}/{name}", content)
        else:
            Path(url).mkdir(exist_ok=True)
            (Path(url) / name).write_bytes(content)

    return write


def test_nothing_is_kept_yet(url: str) -> None:
    assert kept(url) == []


def test_keeping_twice_is_keeping_once_and_a_later_verdict_replaces(url: str) -> None:
    keep(url, VERDICT)
    keep(url, VERDICT)
    assert kept(url) == [VERDICT]
    keep(url, other(decision=Decision.CHANGED))
    assert [verdict.decision for verdict in kept(url)] == [Decision.CHANGED]


def test_each_model_and_window_has_a_file(url: str) -> None:
    for verdict in (on_week("2002-09-09", "2002-09-16"), other(model="b" * 64), VERDICT):
        keep(url, verdict)
    assert [(v.model[0], str(v.window.start)) for v in kept(url)] == [
        ("a", "2002-09-02"),
        ("a", "2002-09-09"),
        ("b", "2002-09-02"),
    ]


def test_more_than_one_request_holds(url: str) -> None:
    verdicts = [other(model=str(i) * 64) for i in range(5)]
    for verdict in verdicts:
        keep(url, verdict)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stages.stores.verdicts._AT_ONCE", 2)
        assert len(kept(url)) == 5


def test_the_file_is_the_verdict_as_it_was_written(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    VERDICT.write(layout)
    keep(str(tmp_path / "kept"), VERDICT)
    assert (tmp_path / "kept" / NAME).read_bytes() == layout.verdict.read_bytes()
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [NAME]


@pytest.mark.parametrize("content", [b"{}", b"no json", b"\xff"])
def test_a_file_that_is_no_verdict_is_named(
    url: str, put: Callable[[str, bytes], None], content: bytes
) -> None:
    keep(url, VERDICT)
    put("bad.json", content)
    with pytest.raises(DataError, match=r"bad\.json is not a verdict"):
        kept(url)


@pytest.mark.parametrize("url", ["/dev/null/kept", "gs://bucket/kept"])
def test_a_folder_that_cannot_be_is_one_line(url: str) -> None:
    with pytest.raises(StoreError, match="SPAMLINE_VERDICTS_URL") as caught:
        keep(url, VERDICT)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "s3://KEY:Zq7xK9vW@bucket/kept",
        "s3://KEY:Zq7x/K9vW@bucket/kept",
        "s3:KEY:Zq7xK9vW@bucket/kept",
        "gs://KEY:Zq7xK9vW@bucket/kept",
        "me:Zq7xK9vW@host/kept",
        "postgresql:/me:Zq7xK9vW@host/kept",
        "me:Zq7x K9vW@host",
    ],
)
def test_an_address_never_becomes_a_folder(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for attempt in (lambda: keep(url, VERDICT), lambda: kept(url)):
        with pytest.raises(StoreError, match="verdicts cannot be kept at") as caught:
            attempt()
        assert "Zq7x" not in str(caught.value)
        assert "K9vW" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "url", "word"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "s3://spamline/verdicts", "AWS_ENDPOINT_URL"),
        ({"AWS_SECRET_ACCESS_KEY": "wr0ng"}, "s3://spamline/verdicts", "AWS_SECRET_ACCESS_KEY"),
        ({}, "s3://no-such-bucket/verdicts", "SPAMLINE_VERDICTS_URL"),
    ],
)
def test_an_s3_that_refuses_is_one_line_and_then_all_arrives(
    s3_environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    url: str,
    word: str,
) -> None:
    for name, value in {**s3_environment, **changes}.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    for attempt in (lambda: keep(url, VERDICT), lambda: kept(url)):
        with pytest.raises(StoreError, match=word) as caught:
            attempt()
        line = str(caught.value)
        assert "\n" not in line
        assert s3_environment["AWS_SECRET_ACCESS_KEY"] not in line
        assert "wr0ng" not in line


def test_the_history_is_rebuilt_from_what_is_kept(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.stores.test_history import rows

    layout = Layout(tmp_path)
    for name in ("SPAMLINE_VERDICTS_URL", "SPAMLINE_HISTORY_URL"):
        monkeypatch.delenv(name, raising=False)
    where = stores(verdicts=url)
    for verdict in (VERDICT, other(model="b" * 64)):
        publish_verdict(verdict, where, layout)
    history = layout.history
    before = rows(history)
    history.unlink()
    assert rebuild_history([], where, layout) == 2
    assert rows(history) == before


def test_where_none_is_kept_the_last_verdict_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path)
    monkeypatch.delenv("SPAMLINE_HISTORY_URL", raising=False)
    with pytest.raises(DataError, match=r"data/monitor/drift\.json"):
        rebuild_history([], stores(), layout)
    VERDICT.write(layout)
    assert rebuild_history([], stores(), layout) == 1


@pytest.mark.slow
def test_a_verdict_whose_database_was_down_arrives_later(
    tmp_path: Path,
    empty_postgres: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sqlalchemy import NullPool, create_engine, text

    monkeypatch.delenv("SPAMLINE_VERDICTS_URL", raising=False)
    monkeypatch.setenv("SPAMLINE_HISTORY_URL", "postgresql+psycopg://a:secret@127.0.0.1:9/x")
    where = stores(verdicts=str(tmp_path / "kept"))
    with pytest.raises(StoreError, match="SPAMLINE_HISTORY_URL") as caught:
        publish_verdict(VERDICT, where)
    assert "secret" not in str(caught.value)
    assert parse_verdict((tmp_path / "kept" / NAME).read_bytes()) == VERDICT
    monkeypatch.setenv("SPAMLINE_HISTORY_URL", empty_postgres)
    publish_verdict(VERDICT, where)
    with create_engine(empty_postgres, poolclass=NullPool).begin() as connection:
        assert (
            connection.execute(text("SELECT COUNT(*) FROM embedding_drift_metrics")).scalar() == 1
        )


def test_the_environment_wins() -> None:
    assert verdicts_url("s3://a/b", {"SPAMLINE_VERDICTS_URL": "s3://c/d"}) == "s3://c/d"
    assert verdicts_url("s3://a/b", {}) == "s3://a/b"
    assert verdicts_url(None, {}) == str(HERE.verdicts)
    layout = Layout(Path("/elsewhere"))
    assert verdicts_url(None, {}, layout) == "/elsewhere/data/monitor/verdicts"
