"""The evaluate stage: candidate and champion on the same holdout, newest in time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stages import config
from stages.machine.files import DECIMALS, replacing, tree_digest
from stages.model.cached_encoder import load_cached
from stages.model.evaluation import HoldoutScores, evaluate, headline
from stages.model.filter import Filter
from stages.model.metrics import ONE_MINUS_AUC
from stages.model.plots import plot_tables
from stages.model.tables import Split, read_split
from stages.records.layout import Layout
from stages.records.pointer import Pointer, incumbent
from stages.registry.shelf import Shelf


@dataclass(frozen=True)
class EvaluateParams:
    """The sections of `params.yaml` that this stage reads."""

    seed: int
    evaluation: config.Evaluation


def run(params: EvaluateParams, layout: Layout, models: Shelf) -> str:
    """Write `data/evaluate/{report,metrics}.json`, and a table a plot under `plots/` beside them.

    The champion is the model that the candidate would replace, or has just replaced.

    Raises:
        RegistryError: the champion is not available.
        DataError: messages and embeddings are not of the same mail.
    """
    split = read_split(layout.messages("holdout"), layout.embeddings("holdout"))
    digest = tree_digest(layout.model)
    own = _scores(digest, layout.model, split)
    champion = incumbent(Pointer.read(layout), digest)
    theirs = _scores(champion, models.obtain(champion), split) if champion else None
    report = evaluate(split, own, theirs, params.evaluation, params.seed)
    report.write(layout)
    headline(report).write(layout)
    with replacing(layout.plots) as folder:
        folder.mkdir()
        tables = plot_tables(split.spam, own.probability, own.threshold)
        for name, table in tables.items():
            table.round(DECIMALS).to_csv(folder / f"{name}.csv", index=False)
    loss = ONE_MINUS_AUC.shown(report.candidate.metrics[ONE_MINUS_AUC.name])
    holdout = report.holdout
    return f"evaluate: {ONE_MINUS_AUC.title} {loss} on {holdout.ham} ham and {holdout.spam} spam"


def _scores(digest: str, folder: Path, split: Split) -> HoldoutScores:
    # A champion of another encoder reads the same holdout at each evaluation.
    model = Filter.load(folder, load_cached)
    return HoldoutScores(digest, model.score_split(split), model.threshold, model.trained_until)
