"""How well each engine serves: in time order, with few labels, and for drift.

    python -m benchmarks.engine_quality [--only ENGINE ...]

In time order: the stages learn from the default corpus before 26 August 2002 and evaluate on what
came later, one message of each group of near copies, with the default features and search. Few
labels: the same from 20, 100 and 500 messages of the history, three in ten of them spam, the mean
over five draws. Drift: how often the vote fires on windows of 300, as in `benchmarks.drift`. Writes
`benchmarks/engine_quality.json`, each engine when it is done. The first time, every message is
encoded, which takes `exact` half an hour of one core.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.drift.detectors import vote
from benchmarks.drift.pools import Pools, load_pools
from benchmarks.drift.shifts import NO_SHIFT, SHIFTS, Draw, Shift
from benchmarks.machine import measured_on, read_results
from stages import config, embed, evaluate, fetch, train
from stages.machine.console import say
from stages.machine.edge import guarded
from stages.machine.files import write_json
from stages.machine.pinning import pin_environment
from stages.model.metrics import ONE_MINUS_AUC, RECALL_AT_1
from stages.model.resampling import Ranked
from stages.model.scoring.messages import Messages
from stages.model.tables import Split, read_split
from stages.model.training.fitting import fit_filter
from stages.records.interval import plain_intervals
from stages.records.layout import HERE, Layout
from stages.records.pointer import Pointer
from stages.records.report import Report
from stages.registry.shelves import TrackedShelf

RESULT = Path(__file__).with_suffix(".json")
ENGINES = ("static", "openvino", "exact")
# What came later is the holdout; there is no mail for a batch.
CUT, END = dt.date(2002, 8, 26), dt.date(2003, 1, 1)
FEW, DRAWS, SPAM_SHARE = (20, 100, 500), 5, 0.3
SIZE, REFERENCE_SIZE, WITHOUT, WITH = 300, 2000, 200, 20


def main() -> None:
    """Measure, and write the result."""
    parser = argparse.ArgumentParser(description="Compare the engines' quality.")
    parser.add_argument("--only", nargs="*", choices=ENGINES, default=list(ENGINES))
    done: dict[str, Any] = read_results(RESULT)["engines"] if RESULT.exists() else {}
    for engine in parser.parse_args().only:
        params = config.validate(config.compose(_overrides(engine)), "conf/")
        learned, later, report = _in_time_order(params)
        done[engine] = {
            "history": len(learned.spam),
            "later": {"ham": report.holdout.ham, "spam": report.holdout.spam},
            "time_order": plain_intervals(report.candidate.metrics),
            "few_labels": {str(n): _few(params, learned, later, n) for n in FEW},
            "drift": _drift(load_pools(params)),
        }
        write_json(RESULT, {"machine": measured_on(), "engines": done})
        say(f"{engine}: {done[engine]}")


def _overrides(engine: str) -> list[str]:
    days = (END - CUT).days
    return [
        f"engine={engine}",
        "window.start='1990-01-01'",
        f"window.until='{END}'",
        f"window.holdout_days={days}",
        f"window.batch_from='{END}'",
        f"window.batch_to='{END + dt.timedelta(days=7)}'",
    ]


def _in_time_order(params: config.Params) -> tuple[Split, Split, Report]:
    """Return the history, what came later, and what the stages find on it."""
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        Pointer(params.registry.name, None, None).write(layout)
        fetch.run(config.sections(fetch.FetchParams, params), layout)
        for split in ("train", "holdout"):
            embed.run(embed.EmbedParams(params.encoder), layout, split)
        train.run(config.sections(train.TrainParams, params), layout)
        evaluate.run(
            config.sections(evaluate.EvaluateParams, params),
            layout,
            TrackedShelf(params.registry, HERE),
        )
        splits = (
            read_split(layout.messages(name), layout.embeddings(name))
            for name in ("train", "holdout")
        )
        return next(splits), next(splits), Report.read(layout)


def _few(params: config.Params, learned: Split, later: Split, count: int) -> dict[str, float]:
    """Return the mean metrics on what came later of filters that learned from `count` messages."""
    found = np.array([_drawn(params, learned, later, count, draw) for draw in range(DRAWS)])
    names = (ONE_MINUS_AUC.name, RECALL_AT_1.name)
    return dict(zip(names, found.mean(axis=0).round(4).tolist(), strict=True))


def _drawn(
    params: config.Params, learned: Split, later: Split, count: int, draw: int
) -> tuple[float, float]:
    rng = np.random.default_rng([params.seed, count, draw])
    spam = round(SPAM_SHARE * count)
    rows = np.concatenate(
        [
            rng.choice(np.flatnonzero(learned.spam), spam, replace=False),
            rng.choice(np.flatnonzero(~learned.spam), count - spam, replace=False),
        ]
    )
    trained = fit_filter(
        _messages(learned, rows),
        learned.spam[rows],
        features=params.features,
        classifier=params.classifier,
        search=dataclasses.replace(params.search, trials=4, folds=3),
        decision=params.decision,
        seed=params.seed,
    )
    everything = np.arange(len(later.spam))
    ranked = Ranked.of(later.spam, trained.scorer.probabilities(_messages(later, everything)))
    once = np.ones((1, len(later.spam)))
    return (
        float(ONE_MINUS_AUC.at(trained.threshold)(ranked, once)[0]),
        float(RECALL_AT_1.at(trained.threshold)(ranked, once)[0]),
    )


def _messages(split: Split, rows: np.ndarray) -> Messages:
    subjects, texts = split.column("subject"), split.column("text")
    return Messages(
        split.embeddings[rows], [subjects[row] for row in rows], [texts[row] for row in rows]
    )


def _drift(pools: Pools) -> dict[str, float]:
    """Return how often the vote fires without drift, and on the mean over the shifts."""
    power = [_fired(pools, shift, WITH) for shift in SHIFTS]
    return {
        "false_alarms": round(_fired(pools, NO_SHIFT, WITHOUT), 4),
        "power": round(float(np.mean(power)), 4),
    }


def _fired(pools: Pools, shift: Shift, windows: int) -> float:
    hits = 0
    for trial in range(windows):
        draw = Draw(
            pools, REFERENCE_SIZE, np.random.default_rng([trial, round(shift.amount * 100)])
        )
        hits += vote(draw.reference, draw.window(shift, SIZE), trial, null="permutation")
    return hits / windows


if __name__ == "__main__":
    pin_environment("benchmarks.engine_quality")
    sys.exit(guarded("benchmarks.engine_quality", main))
