"""What the history says at this moment: the rows of every panel, and the newest verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stages.dashboards.panels import PANELS
from stages.dashboards.sql import NEWEST, at_any_time
from stages.stores.history import reading

if TYPE_CHECKING:
    from sqlalchemy import Connection

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """The whole history.

    Attributes:
        rows: of each panel, by its key.
        newest: the row of the newest window, all columns; None where there is no window.
    """

    rows: Mapping[str, list[Row]] = field(default_factory=dict)
    newest: Row | None = None

    @property
    def windows(self) -> int:
        """How many windows have a verdict."""
        return len(self.rows.get("decisions", ()))


def take(url: str) -> Snapshot:
    """Read the history at `url`; where there is none yet, it is empty.

    Raises:
        StoreError: it cannot be read.
    """
    with reading(url) as connection:
        if connection is None:
            return Snapshot()
        rows = {panel.key: _rows(connection, at_any_time(panel.sql)) for panel in PANELS}
        newest = _rows(connection, NEWEST)
    return Snapshot(rows, newest[0] if newest else None)


def _rows(connection: Connection, sql: str) -> list[Row]:
    from sqlalchemy import text

    return [dict(row) for row in connection.execute(text(sql)).mappings()]
