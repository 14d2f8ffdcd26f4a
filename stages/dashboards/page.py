"""The history as one page for a browser: it loads nothing from anywhere, and runs offline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from stages.dashboards import words
from stages.dashboards.figures import figure
from stages.dashboards.panels import SECTIONS, Panel, Unit
from stages.dashboards.snapshot import Snapshot, take
from stages.machine.files import write_text
from stages.machine.templates import template
from stages.stores.history import Cell, Row

_HERE = Path(__file__).parent
# Windows: a quarter and a year of weeks.
_RANGES = (13, 52)


def write_page(path: Path, url: str) -> int:
    """Write the history at `url` to `path`; return how many windows it shows.

    Raises:
        StoreError: the history cannot be read.
    """
    snapshot = take(url)
    write_text(path, page(snapshot))
    return snapshot.windows


def page(snapshot: Snapshot) -> str:
    """Return `snapshot` as an HTML page; everything from the database is escaped."""
    retrained = [row["to"] for row in snapshot.rows.get("retrainings", ())]

    def drawn(panel: Panel, rows: Sequence[Row]) -> Markup:
        # JSON that ends no script element, whatever it holds.
        return Markup(figure(panel, rows, retrained).replace("<", "\\u003c"))  # noqa: S704

    return template(_HERE / "page.html.j2").render(
        snapshot=snapshot,
        sections=SECTIONS,
        ranges=[last for last in _RANGES if last < snapshot.windows],
        style=_asset("page.css"),
        scripts=_scripts() if snapshot.newest else [],
        words=words,
        decision_of=words.decision_of,
        drawn=drawn,
        cell=cell,
        units_of=_units_of,
        newest_values=_newest_values,
    )


def _asset(name: str) -> Markup:
    # Files of ours.
    return Markup((_HERE / "assets" / name).read_text(encoding="utf-8"))  # noqa: S704


def _scripts() -> list[Markup]:
    from plotly.offline import get_plotlyjs

    return [Markup(get_plotlyjs()), _asset("page.js")]  # noqa: S704


def _units_of(panel: Panel) -> Mapping[str, Unit]:
    return dict.fromkeys(panel.series, panel.unit)


def _newest_values(panel: Panel, rows: Sequence[Row]) -> str:
    """Return the newest row with a value in words; empty where none has one."""
    for row in reversed(rows):
        own = [name for name in panel.series if name not in panel.limits]
        if any(row[name] is not None for name in own):
            values = ", ".join(
                f"{name} {cell(row[name], panel.unit)}"
                for name in panel.series
                if row[name] is not None
            )
            return f"Newest, window until {row['time']}: {values}."
    return ""


def cell(value: Cell, unit: Unit) -> str:
    """Return a value of the database as people read it."""
    if value is None:
        return "-"
    if unit == Unit.TEXT or isinstance(value, dt.date):
        decision = words.decision_of(value)
        return decision.words if decision else str(value)
    number = float(value)
    return {
        Unit.SHARE: f"{number:.1%}",
        Unit.COUNT: f"{number:,.0f}",
        Unit.PERCENT: f"{number:.2f}",
    }.get(unit, f"{number:.4g}")
