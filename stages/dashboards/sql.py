"""The SQL that panels share. It runs on PostgreSQL and on SQLite, but for Grafana's macro."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stages.stores.history.table import TABLE

# A window that was scored again by a later model has a row for each: its newest model speaks for
# it. Of two models, the later one is the one whose windows begin later.
LATEST = f"""\
WITH seen AS (
  SELECT model AS seen_model, MIN(window_to) AS seen_first FROM {TABLE} GROUP BY model
), ranked AS (
  SELECT m.*, ROW_NUMBER() OVER (
    PARTITION BY window_from, window_to ORDER BY seen_first DESC, model) AS place
  FROM {TABLE} m JOIN seen ON seen_model = model
), latest AS (
  SELECT ranked.*,
    LAG(model) OVER (ORDER BY window_to, window_from) AS model_before,
    LAG(decision) OVER (ORDER BY window_to, window_from) AS decision_before,
    LAG(predicted_spam_share) OVER (ORDER BY window_to, window_from) AS spam_share_before
  FROM ranked WHERE place = 1
)
"""  # noqa: S608 -- constants

_TIME_FILTER = re.compile(r"\$__timeFilter\((\w+)\)")
# What a page shows below its newest verdict, in full.
NEWEST = f"{LATEST}SELECT * FROM latest ORDER BY window_to DESC, window_from DESC LIMIT 1"  # noqa: S608


def over_time(series: Mapping[str, str]) -> str:
    """Return the query of `series` for each window in the range that Grafana shows.

    The time of a window is the midnight at which it ended.

    Args:
        series: column names, and what they are in SQL.
    """
    columns = ",\n  ".join(f'{sql} AS "{name}"' for name, sql in series.items())
    return (
        f'{LATEST}SELECT window_to AS "time",\n  {columns}\nFROM latest\n'
        "WHERE $__timeFilter(window_to) ORDER BY window_to, window_from"
    )


def in_range(sql: str, first: str, last: str) -> str:
    """Return `sql` with Grafana's macro as Grafana replaces it: `first` and `last` in ISO 8601."""
    return _TIME_FILTER.sub(rf"\1 BETWEEN '{first}' AND '{last}'", sql)


def at_any_time(sql: str) -> str:
    """Return `sql` with Grafana's macro replaced by a condition that every row meets."""
    return _TIME_FILTER.sub(r"\1 IS NOT NULL", sql)
