"""The adapter of Evidently: a page that people read beside a verdict, never the decision."""

from __future__ import annotations

import html
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stages.drift.comparison import Statistic
from stages.drift.descriptors import principal_components
from stages.drift.inputs import Columns, Reference, Window
from stages.drift.reasons import TITLES
from stages.drift.verdict import Verdict
from stages.machine.files import write_text
from stages.records.messages import HAM, SPAM

COMPONENTS = 5
_HEADERS = ("statistic", "value", "threshold", "p", "times threshold", "times usual", "vote")
_CAPTION = (
    "<p>Below: Evidently's tests of single columns, for reading. They are not calibrated together "
    "and take no part in the decision.</p>"
)


def write_report(path: Path, verdict: Verdict, reference: Reference, window: Window) -> None:
    """Write one HTML page to `path`: the verdict, then Evidently's picture column by column.

    The page loads nothing from anywhere. Of the messages that carry a change it shows subject and
    beginning, escaped; else it holds numbers only.
    """
    page = _bare_page()
    if verdict.comparison is not None:
        page = _evidently_page(*shared_columns(reference, window))
    write_text(
        path, page.replace("<body>", "<body>" + verdict_panel(verdict, window.beginnings), 1)
    )


def shared_columns(
    reference: Reference, window: Window
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
    """Return the columns that both sides have, by name.

    That is what travels with the reference, and the first components of the embeddings.
    """
    known: Columns = {**window.descriptors, "spam_probability": window.probability}
    names = [name for name in known if name in reference.descriptors]
    components = principal_components(
        reference.sample.embeddings, window.sample.embeddings, COMPONENTS
    )
    return (
        {name: reference.descriptors[name] for name in names} | components[0],
        {name: known[name] for name in names} | components[1],
    )


def verdict_panel(verdict: Verdict, beginnings: Mapping[str, tuple[str, str]]) -> str:
    """Return the verdict as an HTML fragment; everything in it is escaped."""
    subject = verdict.subject
    title = (
        f"{verdict.decision.value.replace('_', ' ')}: {subject.window_from} to "
        f"{subject.window_to}, {subject.messages} messages against model {subject.model[:12]}"
    )
    reasons = "".join(f"<li>{html.escape(reason)}</li>" for reason in verdict.reasons)
    numbers = _table(_HEADERS, map(_cells, verdict.statistics)) + _CAPTION
    carried = _carriers(verdict, beginnings)
    return (
        "<section style='font-family:sans-serif;margin:2em auto;max-width:70em'>"
        f"<h1>{html.escape(title)}</h1><ul>{reasons}</ul>{carried}"
        f"{numbers if verdict.statistics else ''}</section>"
    )


def _carriers(verdict: Verdict, beginnings: Mapping[str, tuple[str, str]]) -> str:
    if verdict.why is None:
        return ""
    headers = ("message", "weight", "called", "subject", "beginning")
    rows = [
        (c.id[:12], f"{c.weight:.3f}", SPAM if c.called_spam else HAM, *beginnings[c.id])
        for c in verdict.why.carriers
    ]
    return f"<h2>The messages that carry the change most</h2>{_table(headers, rows)}"


def _cells(statistic: Statistic) -> tuple[str, ...]:
    return (
        TITLES[statistic.name],
        f"{statistic.value:.4f}",
        f"{statistic.threshold:.4f}",
        f"{statistic.p_value:.3f}",
        f"{statistic.ratio:.1f}",
        f"{statistic.effect:.2f}",
        "changed" if statistic.voted else "-",
    )


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th align='left'>{header}</th>" for header in headers)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
        for cells in rows
    )
    return f"<table cellpadding='6'><tr>{head}</tr>{body}</table>"


def _bare_page() -> str:
    return "<!DOCTYPE html>\n<html lang='en'><meta charset='utf-8'><body></body></html>\n"


def _evidently_page(reference: Columns, window: Columns) -> str:
    # Evidently asks for it on import.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(numerical_columns=list(window))
    current, past = (
        Dataset.from_pandas(pd.DataFrame(dict(columns)), data_definition=definition)
        for columns in (window, reference)
    )
    with warnings.catch_warnings():
        # A column that is constant in one of the two divides by zero; its plot says so itself.
        warnings.simplefilter("ignore", RuntimeWarning)
        snapshot = Report([DataDriftPreset()]).run(current_data=current, reference_data=past)
    return str(snapshot.get_html_str(as_iframe=False))
