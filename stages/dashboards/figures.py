"""The adapter of Plotly: a panel over time as a figure, without colours.

The page colours it when it draws, for light and for dark: a trace says in `meta.colour` which
variable of `page.css` it takes. Everything from the database that Plotly shows as text is escaped,
for Plotly reads tags in it.
"""

from __future__ import annotations

import datetime as dt
import html
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from stages.dashboards.colours import MARKS
from stages.dashboards.panels import Kind, Panel, Unit
from stages.dashboards.words import decision_of
from stages.drift.statistics import STATISTICS
from stages.records.decision import Decision
from stages.stores.history import Cell, Row

if TYPE_CHECKING:
    import plotly.graph_objects as go

_SYMBOLS = ("circle", "diamond", "square", "triangle-up")
_FORMATS = {Unit.SHARE: ".1%", Unit.COUNT: ",.0f", Unit.PERCENT: ".2f", Unit.NUMBER: ".4~f"}
# Beyond this many windows a mark for each is clutter.
_FEW = 120
_MANY = 10


def figure(panel: Panel, rows: Sequence[Row], retrained: Sequence[Cell]) -> str:
    """Return the figure of `panel` as JSON.

    Args:
        panel: over time, with at least one row.
        rows: its rows.
        retrained: the times at which another model took over; a dotted line for each.
    """
    import plotly.graph_objects as go

    draw = _states if panel.kind is Kind.STATES else _series
    drawn = go.Figure(data=draw(panel, rows), layout=_layout(panel, rows, retrained))
    plain = json.loads(drawn.to_json())
    plain["layout"].pop("template", None)
    return json.dumps(plain, sort_keys=True, allow_nan=False)


def _series(panel: Panel, rows: Sequence[Row]) -> list[Any]:
    import plotly.graph_objects as go

    traces: list[Any] = []
    for place, name in enumerate(panel.series):
        times = [_day(row["time"]) for row in rows]
        values = [_number(row[name]) for row in rows]
        if all(value is None for value in values):
            continue
        limit = name in panel.limits
        if limit and len(rows) == 1:
            # A line has two ends.
            times, values = _range(rows), values * 2
        number = (panel.colour + place) % len(_SYMBOLS)
        common: dict[str, Any] = {
            "x": times,
            "y": values,
            "name": name,
            "meta": {"colour": "limit" if limit else f"series-{number}"},
            "hovertemplate": f"%{{y:{_FORMATS[panel.unit]}}}",
        }
        if panel.kind is not Kind.LINES and not limit:
            traces.append(go.Bar(**common, width=_bar_widths(rows)))
            continue
        traces.append(
            go.Scatter(
                **common,
                mode="lines" if limit or len(rows) > _FEW else "lines+markers",
                line={"width": 1.5 if limit else 2, "dash": "dash" if limit else "solid"},
                marker={"size": 7, "symbol": _SYMBOLS[number]},
            )
        )
    return traces


def _bar_widths(rows: Sequence[Row]) -> float:
    """Return a bar's width in milliseconds: most of the shortest step, or of a week."""
    days = [dt.date.fromisoformat(_day(row["time"])) for row in rows]
    steps = [(b - a).days for a, b in pairwise(days)]
    return 0.8 * min([step for step in steps if step], default=7) * 86_400_000


def _states(panel: Panel, rows: Sequence[Row]) -> list[Any]:
    """Return one trace for each state: a row of marks, told apart by row, mark and colour."""
    import plotly.graph_objects as go

    [name] = panel.series
    traces: list[go.Scatter] = []
    for state in dict.fromkeys(str(row[name]) for row in rows):
        times = [_day(row["time"]) for row in rows if str(row[name]) == state]
        decision = decision_of(state)
        words = html.escape(decision.words if decision else state)
        traces.append(
            go.Scatter(
                x=times,
                y=[words] * len(times),
                name=words,
                mode="markers",
                meta={"colour": state.replace("_", "-") if decision else "series-0"},
                marker={
                    "size": 11 if len(rows) <= _FEW else 7,
                    "symbol": MARKS[decision].symbol if decision else "square",
                },
                hovertemplate="%{y}<extra></extra>",
            )
        )
    return traces


def _layout(panel: Panel, rows: Sequence[Row], retrained: Sequence[Cell]) -> go.Layout:
    import plotly.graph_objects as go

    return go.Layout(
        barmode="stack",
        hovermode="closest" if panel.kind is Kind.STATES else "x unified",
        height=260,
        margin={"l": 8, "r": 12, "t": 8, "b": 8},
        showlegend=panel.kind is not Kind.STATES and len(panel.series) > 1,
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "traceorder": "normal",
        },
        xaxis={
            "type": "date",
            "range": _range(rows),
            "automargin": True,
            "hoverformat": "%Y-%m-%d",
        },
        yaxis=_axis(panel, rows),
        shapes=_marks(retrained),
    )


def _axis(panel: Panel, rows: Sequence[Row]) -> go.layout.YAxis:
    """Return the axis of the panel's values."""
    import plotly.graph_objects as go

    axis = go.layout.YAxis(automargin=True, fixedrange=True, zeroline=False)
    if panel.kind is Kind.STATES:
        [name] = panel.series
        states = _order(rows, name)
        axis.update(type="category", categoryorder="array", categoryarray=states)
        # Rows of states that never were say how far it is to them.
        return axis.update(range=[-0.5, max(1, len(states)) - 0.5])
    axis.update(rangemode="tozero" if panel.from_zero else "normal")
    axis.update(tickformat={Unit.SHARE: ".0%"}.get(panel.unit, ""))
    if panel.kind is Kind.BARS:
        # There are no half votes.
        axis.update(dtick=1, range=[0, len(STATISTICS) + 0.2])
    return axis


def _marks(retrained: Sequence[Cell]) -> list[go.layout.Shape]:
    """Return a dotted line for each time at which another model took over."""
    import plotly.graph_objects as go

    # Many of them must not hide what they are beside.
    opacity = 0.7 if len(retrained) <= _MANY else 0.2
    return [
        go.layout.Shape(
            type="line",
            xref="x",
            yref="paper",
            x0=_day(time),
            x1=_day(time),
            y0=0,
            y1=1,
            layer="below",
            opacity=opacity,
            line={"width": 1.5, "dash": "dot"},
        )
        for time in retrained
    ]


def _order(rows: Sequence[Row], name: str) -> list[str]:
    """Return the states from below: decisions by weight, others as they first came."""
    found = list(dict.fromkeys(str(row[name]) for row in rows))
    others = [html.escape(state) for state in found if decision_of(state) is None]
    return others if len(others) == len(found) else [*others, *(d.words for d in Decision)]


def _range(rows: Sequence[Row]) -> list[str]:
    """Return the days that the axis shows: all, with room at both ends."""
    first, last = (dt.date.fromisoformat(_day(rows[end]["time"])) for end in (0, -1))
    room = dt.timedelta(days=max(4, (last - first).days // 30))
    return [(first - room).isoformat(), (last + room).isoformat()]


def _day(time: Cell) -> str:
    return str(time)[:10]


def _number(value: Cell) -> float | None:
    return None if value is None or isinstance(value, dt.date) else float(value)
