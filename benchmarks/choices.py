"""Features and classifiers side by side on the same holdout, as `conf/` offers them.

    python -m benchmarks.choices

Reads what `make run` left in `data/`, trains each choice with the default search, and writes
`benchmarks/choices.json`: metrics with intervals, and the paired difference to the default.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import measured_on
from stages import config
from stages.machine.edge import guarded
from stages.machine.files import write_json
from stages.model.evaluation import HoldoutScores
from stages.model.evaluation import evaluate as compared
from stages.model.metrics import ONE_MINUS_AUC
from stages.model.scoring.messages import Messages
from stages.model.tables import Split, read_split
from stages.model.training.fitting import fit_filter
from stages.records.interval import plain_intervals
from stages.records.layout import HERE

RESULT = Path(__file__).with_suffix(".json")
# The first is the default; the last is what the original system used.
CHOICES = [
    (),
    ("classifier=linear_svm",),
    ("features=tfidf",),
    ("features=embedding",),
    ("classifier=gradient_boosting",),
    ("classifier=random_forest",),
    ("features=embedding", "classifier=random_forest"),
]


def main() -> None:
    """Measure, and write the result."""
    learned = read_split(HERE.messages("train"), HERE.embeddings("train"))
    held_out = read_split(HERE.messages("holdout"), HERE.embeddings("holdout"))
    rows: list[dict[str, Any]] = []
    default: HoldoutScores | None = None
    for overrides in CHOICES:
        params = config.validate(config.compose(overrides), "conf/")
        start = time.process_time()
        scores = _scored(params, learned, held_out)
        seconds = time.process_time() - start
        default = default or scores
        report = compared(held_out, scores, default, params.evaluation, params.seed)
        rows.append(
            {
                "choice": list(overrides),
                "train_cpu_seconds": round(seconds),
                "metrics": {
                    "threshold": report.candidate.threshold,
                    **plain_intervals(report.candidate.metrics),
                },
                "difference": plain_intervals(report.difference or {}),
            }
        )
        loss = ONE_MINUS_AUC.shown(report.candidate.metrics[ONE_MINUS_AUC.name])
        print(overrides, loss, f"{seconds:.0f} s")
    counts = {"ham": int((~held_out.spam).sum()), "spam": int(held_out.spam.sum())}
    write_json(RESULT, {"machine": measured_on(), "holdout": counts, "choices": rows})


def _messages(split: Split) -> Messages:
    return Messages(split.embeddings, split.column("subject"), split.column("text"))


def _scored(params: config.Params, learned: Split, held_out: Split) -> HoldoutScores:
    model = fit_filter(
        _messages(learned),
        learned.spam,
        features=params.features,
        classifier=params.classifier,
        search=params.search,
        decision=params.decision,
        seed=params.seed,
    )
    return HoldoutScores("-", model.scorer.probabilities(_messages(held_out)), model.threshold)


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.choices", main))
