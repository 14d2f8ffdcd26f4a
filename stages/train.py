"""The train stage: the classifier, its calibration, and the reference that travels with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stages import config
from stages.drift.reference import REFERENCE, write_reference
from stages.machine.console import track
from stages.machine.errors import DataError
from stages.machine.files import replacing
from stages.model.scoring.messages import Messages
from stages.model.tables import Split, read_split
from stages.model.training.fitting import Trained, fit_filter
from stages.model.training.saving import save_filter
from stages.model.training.search import best_of
from stages.records.layout import Layout
from stages.records.specification import TrainedOn


@dataclass(frozen=True)
class TrainParams:
    """The sections of `params.yaml` that this stage reads."""

    seed: int
    encoder: config.Encoder
    features: config.Features
    classifier: config.Classifier
    search: config.Search
    decision: config.OperatingPoint
    reference_size: int


def run(params: TrainParams, layout: Layout) -> str:
    """Write the model folder `data/train/model` and the search's table `data/train/trials.csv`.

    Raises:
        DataError: too few messages of a class for the folds.
    """
    import pandas as pd

    split = read_split(layout.messages("train"), layout.embeddings("train"))
    _check_classes(split, params.search.folds)
    bar = track(range(params.search.trials), doing="train", total=params.search.trials)

    def advance() -> None:
        next(bar, None)

    advance()
    trained = fit_filter(
        Messages(split.embeddings, split.column("subject"), split.column("text")),
        split.spam,
        features=params.features,
        classifier=params.classifier,
        search=params.search,
        decision=params.decision,
        seed=params.seed,
        on_trial=advance,
    )
    with replacing(layout.model) as folder:
        _write_model(folder, params, split, trained)
    trials = pd.DataFrame([trial.row() for trial in trained.trials])
    with replacing(layout.trials) as temporary:
        trials.round(6).to_csv(temporary, index=False)
    best = best_of(trained.trials).roc_auc
    return (
        f"train: {params.classifier.kind} on {len(split.spam)} messages "
        f"({split.spam.sum()} spam), best of {len(trained.trials)} trials: "
        f"cross-validated ROC-AUC {best:.4f}, spam from probability {trained.threshold:.4f}"
    )


def _check_classes(split: Split, folds: int) -> None:
    spam = int(split.spam.sum())
    ham = len(split.spam) - spam
    if min(ham, spam) < folds:
        raise DataError(
            f"the training window holds {ham} ham and {spam} spam",
            expected=f"at least {folds} of each, one for each of search.folds",
            fix="move the window in conf/source/, run `make params`, then `dvc repro`",
        )


def _write_model(folder: Path, params: TrainParams, split: Split, trained: Trained) -> None:
    save_filter(
        folder,
        trained,
        encoder=params.encoder,
        features=params.features,
        trained_on=_trained_on(params, split, trained),
    )
    write_reference(folder / REFERENCE, split, trained.out_of_fold, size=params.reference_size)


def _trained_on(params: TrainParams, split: Split, trained: Trained) -> TrainedOn:
    received = split.column("received_at")
    return TrainedOn(
        spam=int(split.spam.sum()),
        ham=int((~split.spam).sum()),
        first=received[0],
        last=received[-1],
        classifier=params.classifier.kind,
        hyperparameters=trained.hyperparameters,
        seed=params.seed,
    )
