"""Every panel's SQL on a real PostgreSQL, as the role that dashboards have."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from stages.dashboards.grafana import DATA_SOURCE, check_dashboards, dashboard, row_widths
from stages.dashboards.panels import PANELS, Kind, Panel
from stages.dashboards.sql import in_range
from stages.drift.statistics import STATISTICS
from stages.machine.errors import ConfigError
from stages.records.decision import Decision
from stages.stores.history import record
from tests.dashboards.weeks import model, weeks

ALL = {panel.key: panel for panel in PANELS}
# As Grafana fills it in.
FIRST, LAST = "2002-01-01T00:00:00Z", "2002-12-31T23:59:59.999Z"
Rows = list[dict[str, Any]]


@pytest.fixture
def address(postgres_environment: dict[str, str], empty_postgres: str) -> str:
    """The dashboards' address of a database with thirteen weeks, one of them scored again."""
    verdicts = weeks(13)
    again = dataclasses.replace(verdicts[7], model=model(1), decision=Decision.NO_DRIFT, votes=0)
    record(empty_postgres, [*verdicts, again])
    password = postgres_environment["SPAMLINE_READER_PASSWORD"]
    reader = make_url(empty_postgres).set(username="spamline_reader", password=password)
    return reader.render_as_string(hide_password=False)


@pytest.fixture
def reader(address: str) -> Iterator[Connection]:
    with create_engine(address, poolclass=NullPool).connect() as connection:
        yield connection


@pytest.fixture
def shown(reader: Connection) -> Callable[..., Rows]:
    """What a panel shows."""

    def run(panel: Panel, first: str = FIRST, last: str = LAST) -> Rows:
        result = reader.execute(text(in_range(panel.sql, first, last)))
        return [dict(row) for row in result.mappings()]

    return run


@pytest.mark.slow
@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.key)
def test_it_shows_a_row_for_each_window_in_the_range(
    shown: Callable[..., Rows], panel: Panel
) -> None:
    rows = shown(panel)
    expected = {"retrainings": 1, "last-verdicts": 14}.get(panel.key, 13)
    assert len(rows) == expected
    if panel.kind is Kind.TABLE:
        assert set(panel.units) <= set(rows[0])
        for name in panel.units:
            assert any(row[name] is not None for row in rows), name
        return
    assert list(rows[0]) == ["time", *panel.series]
    times = [row["time"] for row in rows]
    assert times == sorted(set(times))
    assert times[0] == dt.date(2002, 7, 22)
    for name in panel.series:
        assert any(row[name] is not None for row in rows), name
    august = shown(panel, "2002-08-01T00:00:00Z", "2002-08-31T00:00:00Z")
    assert [row["time"].day for row in august] == [5, 12, 19, 26]


@pytest.mark.slow
def test_the_numbers_are_those_of_the_verdicts(shown: Callable[..., Rows]) -> None:
    verdicts = weeks(13)
    decisions = [verdict.decision for verdict in verdicts]
    assert set(decisions) == set(Decision)
    # The drift was scored again by the model after it, which speaks for that window now.
    assert decisions[7] == "drift"
    decisions[7] = Decision.NO_DRIFT
    assert [row["verdict"] for row in shown(ALL["decisions"])] == decisions
    for row, verdict in zip(shown(ALL["mmd"]), verdicts, strict=True):
        found = verdict.statistics.get("mmd")
        expected = (found.value, found.threshold) if found else (None, None)
        assert (row["value"], row["threshold"]) == expected
    for row, verdict in zip(shown(ALL["volume"]), verdicts, strict=True):
        assert row["ham"] + row["spam"] == verdict.window.messages
        assert row["spam"] == round(verdict.window.messages * verdict.window.predicted_spam_share)
    for row, verdict in zip(shown(ALL["loss"]), verdicts, strict=True):
        known = verdict.quality
        assert row["realised"] == (known.one_minus_auc_percent if known else None)
    for row, verdict in zip(shown(ALL["log-loss"]), verdicts, strict=True):
        known = verdict.quality
        loss = known.log_loss if known else None
        assert row["realised"] == loss
        assert row["surely"] == (None if loss is None else pytest.approx(0.8 * loss, abs=1e-4))
        assert row["limit"] == (pytest.approx(0.09) if known else None)
    assert {row["needed"] for row in shown(ALL["votes"])} == {2}
    assert {row["floor"] for row in shown(ALL["effects"])} == {1.7}
    ratios = shown(ALL["ratios"])[6]
    assert ratios["MMD"] > ratios["threshold"] == 1


@pytest.mark.slow
def test_a_retraining_is_a_change_of_the_model(shown: Callable[..., Rows]) -> None:
    [change] = shown(ALL["retrainings"])
    assert change["model"] == model(1)[:12]
    assert change["took over from"] == model(0)[:12]
    assert change["first window from"] == dt.date(2002, 9, 2)
    assert change["verdict on the window before"] == "changed"
    models = [row["model"] for row in shown(ALL["models"])]
    assert models == [model(0)[:12]] * 7 + [model(1)[:12]] * 6


@pytest.mark.slow
def test_the_newest_verdict_comes_first_with_its_reason(shown: Callable[..., Rows]) -> None:
    rows = shown(ALL["last-verdicts"])
    assert rows[0]["to"] == dt.date(2002, 10, 14)
    assert rows[0]["because"].startswith(f"Mail did not change: 0 of {len(STATISTICS)} statistics")
    assert [row["verdict"] for row in rows if row["from"] == dt.date(2002, 9, 2)] == [
        "no_drift",
        "drift",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO embedding_drift_metrics SELECT * FROM embedding_drift_metrics",
        "UPDATE embedding_drift_metrics SET votes = 0",
        "DELETE FROM embedding_drift_metrics",
        "TRUNCATE embedding_drift_metrics",
        "DROP TABLE embedding_drift_metrics",
        "ALTER TABLE embedding_drift_metrics ADD COLUMN x int",
        "CREATE TABLE theirs (x int)",
        "CREATE SCHEMA theirs",
    ],
)
@pytest.mark.parametrize("asked", ["as it comes", "read-only switched off"])
def test_the_reader_changes_nothing(reader: Connection, statement: str, asked: str) -> None:
    if asked == "read-only switched off":
        reader.execute(text("SET default_transaction_read_only = off"))
        reader.commit()
    with pytest.raises(DBAPIError, match=r"read-only transaction|permission denied|must be owner"):
        reader.execute(text(statement))
    reader.rollback()
    count = reader.execute(text("SELECT COUNT(*) FROM embedding_drift_metrics")).scalar()
    assert count == 14


def test_the_committed_dashboards_are_the_generated_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    check_dashboards()
    monkeypatch.setattr("stages.dashboards.grafana.FOLDER", tmp_path)
    with pytest.raises(ConfigError, match="make dashboards"):
        check_dashboards()


@pytest.mark.parametrize("panels", range(1, 13))
def test_every_row_of_panels_is_full(panels: int) -> None:
    """However many there are, the next row begins where the one before fills the grid."""
    widths = row_widths(panels)
    assert len(widths) == panels
    at = 0
    for width in widths:
        assert at + width <= 24
        at = (at + width) % 24
    assert at == 0


def test_grafana_gets_every_panel_with_its_query_and_its_place() -> None:
    drawn = [panel for panel in json.loads(dashboard())["panels"] if panel["type"] != "row"]
    assert [panel["title"] for panel in drawn] == [panel.title for panel in PANELS]
    for panel, ours in zip(drawn, PANELS, strict=True):
        [target] = panel["targets"]
        assert target["rawSql"] == ours.sql
        assert target["datasource"] == panel["datasource"] == DATA_SOURCE
        assert panel["description"]
    # No two overlap, and none leaves the grid.
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in json.loads(dashboard())["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
