"""The train stage: the classifier, its calibration, and the reference that travels with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages import config
from stages.drift.reference import REFERENCE, write_reference
from stages.machine.console import say, track
from stages.machine.errors import DataError
from stages.machine.files import replacing
from stages.model.features import Messages
from stages.model.filter import save_filter
from stages.model.tables import Split, read_split
from stages.model.training import Trained, train

MAIL, EMBEDDINGS = Path("data/fetch/train.parquet"), Path("data/embed/train.parquet")
MODEL, TRIALS = Path("data/train/model"), Path("data/train/trials.csv")


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


def run(params: TrainParams) -> None:
    """Write the model folder `data/train/model` and the search's table `data/train/trials.csv`.

    Raises:
        DataError: too few messages of a class for the folds.
    """
    import pandas as pd

    split = read_split(MAIL, EMBEDDINGS)
    _check_classes(split, params.search.folds)
    bar = track(range(params.search.trials), doing="train", total=params.search.trials)

    def advance() -> None:
        next(bar, None)

    advance()
    trained = train(
        Messages(split.embeddings, split.column("subject"), split.column("text")),
        split.spam,
        features=params.features,
        classifier=params.classifier,
        search=params.search,
        decision=params.decision,
        seed=params.seed,
        on_trial=advance,
    )
    _write_model(params, split, trained)
    with replacing(TRIALS) as temporary:
        pd.DataFrame(trained.trials).round(6).to_csv(temporary, index=False)
    best = max(trial["roc_auc"] for trial in trained.trials)
    say(
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


def _write_model(params: TrainParams, split: Split, trained: Trained) -> None:
    with replacing(MODEL) as folder:
        save_filter(
            folder,
            trained,
            encoder=params.encoder,
            features=params.features,
            trained_on=_trained_on(params, split, trained),
        )
        write_reference(folder / REFERENCE, split, trained.out_of_fold, size=params.reference_size)


def _trained_on(params: TrainParams, split: Split, trained: Trained) -> dict[str, Any]:
    received = [str(moment) for moment in split.column("received_at")]
    return {
        "spam": int(split.spam.sum()),
        "ham": int((~split.spam).sum()),
        "first": received[0],
        "last": received[-1],
        "classifier": params.classifier.kind,
        "hyperparameters": trained.hyperparameters,
        "seed": params.seed,
    }
