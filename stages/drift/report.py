"""The adapter of Evidently: a page that people read beside a verdict, never the decision."""

from __future__ import annotations

import html
import os
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stages.drift.comparison import Statistic
from stages.drift.descriptors import principal_components
from stages.drift.inputs import Columns, Reference, Window
from stages.drift.reasons import TITLES
from stages.drift.verdict import Verdict
from stages.files import write_text

COMPONENTS = 5
_HEADERS = ("statistic", "value", "threshold", "p", "times threshold", "times usual", "vote")
_CAPTION = (
    "<p>Below: Evidently's tests of single columns, for reading. They are not calibrated together "
    "and take no part in the decision.</p>"
)


def write_report(path: Path, verdict: Verdict, reference: Reference, window: Window) -> None:
    """Write one HTML page to `path`: the verdict, then Evidently's picture column by column.

    The page loads nothing from anywhere. It holds numbers only, no text of a message.
    """
    page = _bare_page()
    if verdict.comparison is not None:
        page = _evidently_page(*shared_columns(reference, window))
    write_text(path, page.replace("<body>", "<body>" + verdict_panel(verdict), 1))


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


def verdict_panel(verdict: Verdict) -> str:
    """Return the verdict as an HTML fragment; everything in it is escaped."""
    subject = verdict.subject
    title = (
        f"{verdict.decision.value.replace('_', ' ')}: {subject.window_from} to "
        f"{subject.window_to}, {subject.messages} messages against model {subject.model[:12]}"
    )
    reasons = "".join(f"<li>{html.escape(reason)}</li>" for reason in verdict.reasons)
    rows = "".join(_row(statistic) for statistic in verdict.statistics)
    head = "".join(f"<th align='left'>{header}</th>" for header in _HEADERS)
    table = f"<table cellpadding='6'><tr>{head}</tr>{rows}</table>{_CAPTION}" if rows else ""
    return (
        "<section style='font-family:sans-serif;margin:2em auto;max-width:70em'>"
        f"<h1>{html.escape(title)}</h1><ul>{reasons}</ul>{table}</section>"
    )


def _row(statistic: Statistic) -> str:
    cells = (
        TITLES[statistic.name],
        f"{statistic.value:.4f}",
        f"{statistic.threshold:.4f}",
        f"{statistic.p_value:.3f}",
        f"{statistic.ratio:.1f}",
        f"{statistic.effect:.2f}",
        "changed" if statistic.voted else "-",
    )
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"


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
