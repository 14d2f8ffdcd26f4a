"""The three policies of retraining on the default corpus, and the verdict on planted changes.

    python -m benchmarks.replay

Replays the corpus as `make replay` does, then again with a later start, then streams with a change
planted on a known day (`benchmarks.planted`) under the policy "on drift". Writes
`benchmarks/replay.json` (the same bytes each time), `docs/replay.svg`, and
`benchmarks/replay_compute.json` (the CPU seconds). An interrupted measurement carries on when it is
started again. The first time, every message is encoded.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harm import false_harms
from benchmarks.machine import measured_on
from benchmarks.planted import Plant, corpus, planted, write_stream
from benchmarks.replay_results import FalseHarms, Noticed, ReplayCosts, ReplayResults
from stages import config
from stages.machine.edge import guarded
from stages.machine.files import replacing
from stages.machine.pinning import pin_environment
from stages.mail.sources import open_source
from stages.model.metrics import ONE_MINUS_AUC
from stages.records.decision import Decision
from stages.records.layout import HERE
from stages.replay.outcome import LivedWindow
from stages.replay.record import Scored, read_scored
from stages.replay.replay import FIGURE, replay
from stages.replay.schedule import Policy, Span, spans

PICTURE = Path("docs/replay.svg")
# As `make replay` has them: the first model learns from four weeks, the last window with mail of
# both classes begins on 23 September.
START, END = dt.date(2002, 8, 5), dt.date(2002, 10, 7)
# With a first model of the six weeks that `conf/source/spamassassin.yaml` names: what retraining
# gains over a model that has seen little mail is one thing, over one that has seen more another.
LATER = dt.date(2002, 8, 19)
# The corpus' feeds begin on 24 September: their items are foreign to all mail before. In date order
# they come two weeks before the first one that is drift without them, and three weeks are seen.
PLANTED = {"shuffled": dt.date(2002, 9, 9), "dates": dt.date(2002, 8, 26)}
SEEN = dt.timedelta(days=21)
# The verdict is measured here, not the models in between: they are tuned less, and judged mildly.
SEARCH, LOST_HAM = config.Search(trials=2, folds=5), 0.05
CHANGES = [("feeds", 0.0), ("feeds", 0.1), ("feeds", 0.2), ("feeds", 0.4), ("words", 0.3)]
PLANTS = [
    Plant(order, kind, share, day, day + SEEN)
    for order, day in PLANTED.items()
    for kind, share in CHANGES
]


def main() -> None:
    """Measure, and write the results."""
    params = config.load()
    survey = open_source(params.source, seed=params.seed).survey()
    found = replay(params, spans(START, END, 7), list(Policy), HERE.replay, survey)
    later = replay(
        params, spans(LATER, END, 7), [Policy.NEVER, Policy.DRIFT], HERE.replay / "later", survey
    )
    gate = dataclasses.replace(params.gate, max_ham_false_positive_rate=LOST_HAM)
    streams = _planted(dataclasses.replace(params, search=SEARCH, gate=gate))
    ReplayResults(found.policies, later.policies, streams, _false_harms(params)).write()
    ReplayCosts(measured_on(), found.compute, later.compute).write()
    with replacing(PICTURE) as picture:
        shutil.copy(HERE.replay / FIGURE, picture)


def _planted(params: config.Params) -> list[Noticed]:
    """Return when the verdict noticed each of `PLANTS`, and its decisions until then."""
    base, feed = corpus(params, params.window.start, max(plant.end for plant in PLANTS))
    streams = []
    for plant in PLANTS:
        windows = spans(LATER, plant.end, 7)
        folder = HERE.replay / "streams" / plant.name
        stream = planted(base, feed, plant, params.seed)
        source = write_stream(folder.with_suffix(".parquet"), stream)
        own = dataclasses.replace(params, source=source)
        survey = open_source(source, seed=params.seed).survey()
        found = replay(own, windows, [Policy.DRIFT], folder, survey)
        streams.append(_noticed(found.policies[Policy.DRIFT].windows, windows, plant))
        print(streams[-1])
    return streams


def _false_harms(params: config.Params) -> list[FalseHarms]:
    """Return how often a harm is false on the mail that one first model scored throughout."""
    found: list[FalseHarms] = []
    for start, folder in ((START, HERE.replay), (LATER, HERE.replay / "later")):
        windows = folder / Policy.NEVER / "windows"
        read = (read_scored(windows, span.start) for span in spans(start, END, 7))
        scored = Scored.joined([part for part in read if part is not None])
        found += false_harms(start, scored, params)
    return found


def _noticed(lived: Sequence[LivedWindow], windows: list[Span], plant: Plant) -> Noticed:
    first = [span.start for span in windows].index(plant.day)
    decisions = [window.decision for window in lived]
    since = decisions[first:]
    return Noticed(
        order=plant.order,
        kind=plant.kind,
        share=plant.share,
        day=plant.day,
        decisions=decisions,
        losses=[window.metrics.get(ONE_MINUS_AUC.name) for window in lived],
        log_loss_rises_low=[window.log_loss_rise_low for window in lived],
        retrainings_before=sum(window.retraining is not None for window in lived[:first]),
        delay=since.index(Decision.DRIFT) if Decision.DRIFT in since else None,
        windows_before=first,
        windows_after=len(since),
    )


if __name__ == "__main__":
    pin_environment("benchmarks.replay")
    sys.exit(guarded("benchmarks.replay", main))
