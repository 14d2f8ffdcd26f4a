"""The monitor stage: is the window still the kind of mail that the production model knows?"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from stages import config
from stages.drift.assessment import Champion, assess
from stages.drift.inputs import Reference, ScoredWindow, read_reference, read_window
from stages.drift.reference import REFERENCE
from stages.drift.report import write_report
from stages.machine.console import say
from stages.machine.environment import in_experiment
from stages.model.filter import read_specification
from stages.records.holdout import Holdout
from stages.records.layout import Layout
from stages.records.pointer import in_production
from stages.records.verdict import Verdict
from stages.registry.filling import fill_and_obtain
from stages.registry.mlflow.connect import open_registry
from stages.stores.publication import publish_verdict

MAIL, EMBEDDINGS = Path("data/fetch/batch.parquet"), Path("data/embed/batch.parquet")
PREDICTIONS = Path("data/infer/predictions")
VERDICT, REPORT = Layout().verdict, Layout().drift_report


@dataclass(frozen=True)
class MonitorParams:
    """The sections of `params.yaml` that this stage reads."""

    seed: int
    window: config.Window
    registry: config.Registry
    drift: config.Drift


def run(params: MonitorParams) -> None:
    """Write the verdict, keep it, write its row in the monitoring history, and the report.

    Raises:
        RegistryError: there is no production model, or it is not to be had.
        DataError: messages, embeddings, predictions and model do not belong together.
        StoreError: the verdict is written, but cannot be kept or has no row yet.
    """
    digest, holdout = in_production()
    folder = fill_and_obtain(open_registry(params.registry), digest)
    monitor(champion_of(digest, folder, holdout), params)


def champion_of(digest: str, folder: Path, holdout: Holdout | None) -> Champion:
    """Return the production model as its folder says it."""
    return Champion(digest, folder, read_specification(folder).threshold, holdout)


def monitor(champion: Champion, params: MonitorParams) -> None:
    """Do what `run` does, with a model that is at hand.

    The verdict comes first: neither a dead store nor a failing report may lose it.
    """
    verdict, reference, window = judge_batch(champion, params)
    # What an earlier run reported is not about this verdict.
    REPORT.unlink(missing_ok=True)
    dataclasses.replace(verdict, report=REPORT.as_posix()).write(Layout())
    if not in_experiment():
        # As the file says it, rounded: a history rebuilt from files then has the same rows.
        publish_verdict(Verdict.read(Layout()), config.load().stores)
    try:
        write_report(REPORT, verdict, reference, window)
    except Exception as error:
        # A page for people must not stop the loop.
        say(f"monitor: no report, Evidently failed: {error!r}")
    say(f"monitor: {verdict.decision}. {verdict.reasons[0]}")


def judge_batch(
    champion: Champion, params: MonitorParams
) -> tuple[Verdict, Reference, ScoredWindow]:
    """Return the verdict on the batch, and both sides of it.

    Raises:
        DataError: as for `run`.
    """
    window = read_window(MAIL, EMBEDDINGS, PREDICTIONS, model=champion.digest)
    reference = read_reference(champion.folder / REFERENCE)
    verdict = assess(
        window, reference, champion, edges=params.window, drift=params.drift, seed=params.seed
    )
    return verdict, reference, window
