"""The adapter of Evidently: a page that people read beside a verdict, never the decision."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stages.drift.descriptors import principal_components
from stages.drift.inputs import Columns, Reference, read_reference
from stages.drift.reference import REFERENCE
from stages.drift.statistics import title_of
from stages.drift.window import ScoredWindow, read_window
from stages.machine.files import write_text
from stages.machine.templates import template
from stages.records.layout import Layout
from stages.records.messages import HAM, SPAM
from stages.records.pointer import in_production
from stages.records.verdict import Measurement, Verdict
from stages.registry.shelf import Shelf

COMPONENTS = 5


def write_drift_report(layout: Layout, models: Shelf) -> None:
    """Write the page about the verdict that the monitor stage has just written.

    Args:
        layout: the project.
        models: where the production model comes from, for the reference beside it.
    """
    digest, _ = in_production(layout)
    mail, embeddings = layout.messages("batch"), layout.embeddings("batch")
    write_report(
        layout.drift_report,
        Verdict.read(layout),
        read_reference(models.obtain(digest) / REFERENCE),
        read_window(mail, embeddings, layout.predictions, model=digest),
    )


def write_report(path: Path, verdict: Verdict, reference: Reference, window: ScoredWindow) -> None:
    """Write one HTML page to `path`: the verdict, then Evidently's picture column by column.

    The page loads nothing from anywhere. Of the messages that carry a change it shows subject and
    beginning, escaped; else it holds numbers only.
    """
    page = _bare_page()
    if verdict.statistics:
        page = _evidently_page(*shared_columns(reference, window))
    write_text(
        path, page.replace("<body>", "<body>" + verdict_panel(verdict, window.beginnings), 1)
    )


def shared_columns(
    reference: Reference, window: ScoredWindow
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
    """Return the columns that both sides have, by name.

    That is what travels with the reference, and the first components of the embeddings.
    """
    probability = window.of_sample(window.probability)
    known: Columns = {**window.descriptors, "spam_probability": probability}
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
    carriers = [
        (c.id[:12], f"{c.weight:.3f}", SPAM if c.called_spam else HAM, *beginnings[c.id])
        for c in verdict.carriers
    ]
    return template(Path(__file__).with_name("drift_report.html.j2")).render(
        verdict=verdict,
        carriers=carriers,
        statistics=[_cells(name, found) for name, found in verdict.statistics.items()],
    )


def _cells(name: str, found: Measurement) -> tuple[str, ...]:
    return (
        title_of(name),
        f"{found.value:.4f}",
        f"{found.threshold:.4f}",
        f"{found.p_value:.3f}",
        f"{found.ratio:.1f}",
        f"{found.effect:.2f}",
        "changed" if found.voted else "-",
    )


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
