"""The monitor stage: is the window still the kind of mail that the production model knows?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from stages import config
from stages.drift.assessment import Champion, assess
from stages.drift.inputs import read_reference
from stages.drift.reference import REFERENCE
from stages.drift.window import read_window
from stages.records.layout import Layout
from stages.records.pointer import in_production
from stages.records.specification import read_specification
from stages.registry.shelf import Shelf


@dataclass(frozen=True)
class MonitorParams:
    """The sections of `params.yaml` that this stage reads."""

    seed: int
    window: config.Window
    drift: config.Drift


def run(params: MonitorParams, layout: Layout, models: Shelf) -> str:
    """Write the verdict; return a line on it.

    Args:
        params: the stage's sections.
        layout: the project.
        models: where the production model comes from.

    Raises:
        RegistryError: there is no production model, or it is not available.
        DataError: messages, embeddings, predictions and model do not belong together.
    """
    digest, holdout = in_production(layout)
    folder = models.obtain(digest)
    champion = Champion(digest, folder, read_specification(folder).threshold, holdout)
    mail, embeddings = layout.messages("batch"), layout.embeddings("batch")
    window = read_window(mail, embeddings, layout.predictions, model=digest)
    reference = read_reference(folder / REFERENCE)
    verdict = assess(
        window, reference, champion, edges=params.window, drift=params.drift, seed=params.seed
    )
    # A page about an earlier verdict is not about this one.
    layout.drift_report.unlink(missing_ok=True)
    page = layout.inside(layout.drift_report).as_posix()
    replace(verdict, report=page).write(layout)
    return f"monitor: {verdict.decision}. {verdict.reasons[0]}"
