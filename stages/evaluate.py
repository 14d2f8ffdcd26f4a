"""The evaluate stage: candidate and champion on the same holdout, newest in time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stages import config
from stages.machine.console import say
from stages.machine.files import DECIMALS, replacing, tree_digest, write_json
from stages.model.evaluation import Scores, evaluate
from stages.model.filter import Filter
from stages.model.plots import plot_tables
from stages.model.tables import Split, read_split
from stages.records.pointer import incumbent, read_pointer
from stages.versioning.tracked import tracked_model

MAIL, EMBEDDINGS = Path("data/fetch/holdout.parquet"), Path("data/embed/holdout.parquet")
MODEL = Path("data/train/model")
METRICS, PLOTS = Path("data/evaluate/metrics.json"), Path("data/evaluate/plots")


@dataclass(frozen=True)
class EvaluateParams:
    """The sections of `params.yaml` that this stage reads."""

    seed: int
    evaluation: config.Evaluation
    registry: config.Registry


def run(params: EvaluateParams) -> None:
    """Write `data/evaluate/metrics.json` and a table a plot under `data/evaluate/plots`."""
    split = read_split(MAIL, EMBEDDINGS)
    digest = candidate()
    compare(split, digest, _champion(params, digest, split), params)


def candidate() -> str:
    """Return the digest of the model under test."""
    return tree_digest(MODEL)


def compare(split: Split, digest: str, champion: Scores | None, params: EvaluateParams) -> None:
    """Do what `run` does for the candidate `digest`, with a champion that has scored `split`."""
    own = scores(digest, MODEL, split)
    report = evaluate(split, own, champion, params.evaluation, params.seed)
    write_json(METRICS, report)
    with replacing(PLOTS) as folder:
        folder.mkdir()
        tables = plot_tables(split.spam, own.probability, own.threshold)
        for name, table in tables.items():
            table.round(DECIMALS).to_csv(folder / f"{name}.csv", index=False)
    loss = report["candidate"]["one_minus_auc_percent"]
    say(
        f"evaluate: (1-AUC)% {loss['value']:.2f} [{loss['low']:.2f}, {loss['high']:.2f}] on "
        f"{report['holdout']['ham']} ham and {report['holdout']['spam']} spam"
    )


def _champion(params: EvaluateParams, digest: str, split: Split) -> Scores | None:
    """Score the model that the candidate would replace, or has just replaced.

    As DVC tracked it, where that is at hand: an experiment then needs no registry.
    """
    champion = incumbent(read_pointer(), digest)
    if champion is None:
        return None
    with tracked_model(champion) as folder:
        if folder is not None:
            return scores(champion, folder, split)
    from stages.registry.mlflow.connect import open_registry

    return scores(champion, open_registry(params.registry).obtain(champion), split)


def scores(digest: str, folder: Path, split: Split) -> Scores:
    """Return what the model `digest` in `folder` says of the messages of `split`."""
    model = Filter.load(folder)
    return Scores(digest, model.score_split(split), model.threshold, model.trained_until)
