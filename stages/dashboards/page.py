"""The history as one page for a browser: it loads nothing from anywhere, and runs offline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from stages.dashboards import words
from stages.dashboards.figures import figure
from stages.dashboards.panels import DECISIONS, LAST_VERDICTS, SECTIONS, Kind, Panel, Section, Unit
from stages.dashboards.snapshot import Row, Snapshot, take
from stages.machine.files import write_text

PAGE = Path("data/monitor/dashboard.html")
_ASSETS = Path(__file__).parent / "assets"
# Whatever a value in the database says, the browser asks nobody for anything.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
# Windows: a quarter and a year of weeks.
_RANGES = (13, 52)
_EMPTY = """\
<section class="verdict">
<h2>No verdict yet</h2>
<p>Every run of the monitor stage adds one. <code>make run</code> makes the first;
<code>make history</code> brings back those that are kept as files. Then
<code>make dashboard</code> writes this page again.</p>
</section>"""


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
    newest = snapshot.newest
    if newest is None:
        return _document(f"{_header('')}<main>{_EMPTY}</main>", scripts="")
    sections = "".join(_section(section, snapshot) for section in SECTIONS)
    body = (
        f"{_header(words.tally(snapshot))}<main>{_verdict(snapshot, newest)}"
        f"{_ranges(snapshot.windows)}{sections}</main>"
    )
    return _document(body, scripts=_scripts())


def _document(body: str, *, scripts: str) -> str:
    style = (_ASSETS / "page.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>Spamline: drift of the mail</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{body}\n{scripts}</body>\n</html>\n"
    )


def _scripts() -> str:
    from plotly.offline import get_plotlyjs

    ours = (_ASSETS / "page.js").read_text(encoding="utf-8")
    return f"<script>{get_plotlyjs()}</script>\n<script>\n{ours}</script>\n"


def _header(tally: str) -> str:
    return f"<header><h1>Spamline: drift of the mail</h1><p>{escape(tally)}</p></header>"


def _verdict(snapshot: Snapshot, newest: Row) -> str:
    decision = str(newest["decision"])
    kind = decision.replace("_", "-") if decision in DECISIONS else "unknown"
    opened = "" if decision == "no_drift" else " open"
    because = "".join(f"<li>{escape(reason)}</li>" for reason in words.reasons(newest))
    numbers = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(beside)}</small></dd></div>"
        for name, value, beside in words.figures(snapshot)
    )
    return (
        f'<section class="verdict {kind}" aria-labelledby="newest">'
        f'<p class="when">Newest window: <time>{escape(str(newest["window_from"]))}</time> until '
        f"<time>{escape(str(newest['window_to']))}</time></p>"
        f'<h2 id="newest">{escape(words.headline(newest))}</h2>'
        f'<p class="todo">{escape(words.to_do(newest))}</p>'
        f"<dl>{numbers}</dl>"
        + (
            f"<details{opened}><summary>Why</summary><ul>{because}</ul></details>"
            if because
            else ""
        )
        + "</section>"
    )


def _ranges(windows: int) -> str:
    """Return what chooses the windows that the plots show, where there are more than a few."""
    buttons = "".join(
        f'<button type="button" data-last="{last}">last {last}</button>'
        for last in _RANGES
        if last < windows
    )
    whole = f'<button type="button" data-last="{windows}">all {windows}</button>'
    choice = f'<span role="group" aria-label="Windows shown">{buttons}{whole}</span>'
    return (
        f'<p class="hint">{choice if buttons else ""}Drag across a plot to zoom all of them, '
        "double-click to go back. A dotted line: from here on, another model.</p>"
    )


def _section(section: Section, snapshot: Snapshot) -> str:
    retrained = [row["to"] for row in snapshot.rows["retrainings"]]
    panels = "".join(
        _table_panel(panel, snapshot.rows[panel.key])
        if panel.kind is Kind.TABLE
        else _plot_panel(panel, snapshot.rows[panel.key], retrained)
        for panel in section.panels
    )
    return (
        f"<section><h2>{escape(section.title)}</h2>"
        f'<div class="panels of-{len(section.panels)}">{panels}</div></section>'
    )


def _plot_panel(panel: Panel, rows: Sequence[Row], retrained: Sequence[Any]) -> str:
    said = _newest_values(panel, rows)
    head = f'<h3 id="{panel.key}">{escape(panel.title)}</h3><p>{escape(panel.description)}</p>'
    if not said:
        return f'<article>{head}<p class="none">Nothing is known of any window yet.</p></article>'
    drawn = _json(figure(panel, rows, retrained))
    units = dict.fromkeys(panel.series, panel.unit)
    return (
        f'<article>{head}<div class="plot" role="img" aria-labelledby="{panel.key}" '
        f'aria-describedby="{panel.key}-newest"></div>'
        f'<script type="application/json">{drawn}</script>'
        f'<p class="newest" id="{panel.key}-newest">{escape(said)}</p>'
        f"<details><summary>As a table</summary>{_table(panel.title, rows, units)}</details>"
        "</article>"
    )


def _newest_values(panel: Panel, rows: Sequence[Row]) -> str:
    """Return the newest row with a value in words; empty where none has one."""
    for row in reversed(rows):
        own = [name for name in panel.series if name not in panel.limits]
        if any(row[name] is not None for name in own):
            values = ", ".join(
                f"{name} {_cell(row[name], panel.unit)}"
                for name in panel.series
                if row[name] is not None
            )
            return f"Newest, window until {row['time']}: {values}."
    return ""


def _table_panel(panel: Panel, rows: Sequence[Row]) -> str:
    table = (
        _table(panel.title, rows, panel.units)
        if rows
        else '<p class="none">There was none so far.</p>'
    )
    name = "wide scored" if panel is LAST_VERDICTS else "wide"
    return (
        f'<article class="{name}"><h3>{escape(panel.title)}</h3>'
        f"<p>{escape(panel.description)}</p>{table}</article>"
    )


def _table(caption: str, rows: Sequence[Row], units: Any) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in rows[0])
    body = "".join(
        "<tr>" + "".join(_td(row[name], units.get(name, Unit.TEXT)) for name in row) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _td(value: Any, unit: Unit) -> str:
    text = escape(_cell(value, unit))
    if unit is not Unit.TEXT:
        return f'<td class="number">{text}</td>'
    if value in DECISIONS:
        return f'<td><span class="mark {str(value).replace("_", "-")}">{text}</span></td>'
    return f"<td>{text}</td>"


def _cell(value: Any, unit: Unit) -> str:
    if value is None:
        return "-"
    if unit is Unit.TEXT:
        return DECISIONS.get(str(value), str(value))
    if unit is Unit.SHARE:
        return f"{float(value):.1%}"
    if unit is Unit.COUNT:
        return f"{float(value):,.0f}"
    return f"{float(value):.2f}" if unit is Unit.PERCENT else f"{float(value):.4g}"


def _json(value: Any) -> str:
    """Return JSON that ends no script element, whatever it holds."""
    return json.dumps(value, sort_keys=True, allow_nan=False).replace("<", "\\u003c")
