"""Facts of a review: a retrained model that the gate accepted, with a drift that called for it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

from stages import config
from stages.loop.guards import Action
from stages.loop.judging import Judged
from stages.model.metrics import METRICS
from stages.records.fetch_summary import FetchSummary, SourceSummary, SplitSummary
from stages.records.holdout import Counts
from stages.records.interval import Interval
from stages.records.pointer import Pointer
from stages.records.receipt import GateDecision, Receipt
from stages.records.report import ModelReport, Report
from stages.records.verdict import Measurement, Verdict
from stages.review.excerpts import Excerpt
from stages.review.facts import Facts
from tests.registry.samples import interval
from tests.stores.history_samples import on_week

OLD, NEW = "a" * 64, "b" * 64


def scores(value: float) -> dict[str, Interval]:
    return {metric.name: interval(value) for metric in METRICS}


def verdict(**more: Any) -> Verdict:
    """Return a verdict of drift, some of it replaced."""
    found = Measurement(0.9, 0.7, p_value=0.002, ratio=2.5, effect=1.9, voted=True)
    drifted = dataclasses.replace(
        on_week("2002-08-26", "2002-09-02"),
        reasons=("Mail changed: 3 of 3 statistics are above their thresholds.",),
        quorum=2,
        statistics={"mmd": found, "cosine": found, "domain_classifier": found},
    )
    return dataclasses.replace(drifted, **more)


def judged(params: Path, first: dt.date) -> Judged:
    """Return the week from `first` on, which drifted."""
    window = dataclasses.replace(
        config.load(params).window, batch_from=first, batch_to=first + dt.timedelta(weeks=1)
    )
    return Judged(window, verdict(), Action.RETRAIN, [])


def facts(**more: Any) -> Facts:
    """Return the facts, some of them replaced."""
    report = Report(
        confidence=0.95,
        holdout=Counts(ham=200, spam=50),
        candidate=ModelReport(NEW, 0.5, scores(0.4)),
        champion=ModelReport(OLD, 0.5, scores(0.7), saw_holdout=False),
        difference=scores(-0.3),
        slices={},
    )
    receipt = Receipt(
        name="spamline",
        model=NEW,
        data={"train": "c" * 64, "holdout": "d" * 64},
        holdout=report.holdout,
        metrics={},
        confidence=0.95,
        champion=OLD,
        gate=GateDecision(accepted=True, reasons=["(1-AUC)% is 0.4 [0.3, 0.5]"]),
    )
    first, last = (dt.datetime(2002, *day, tzinfo=dt.UTC) for day in ((8, 26), (9, 1)))
    split = SplitSummary(250, 200, 50, 0, 250, first, last, first, last, sha256="c" * 64)
    whole = Facts(
        base="e" * 40,
        receipt=receipt,
        report=report,
        before=OLD,
        pointer=Pointer("spamline", NEW, OLD),
        params={"window.until": ("2002-08-26", "2002-09-02")},
        digests={"train": "f" * 64, "holdout": "d" * 64},
        fetched=FetchSummary(
            source=SourceSummary("files", "a file", 500, first, last),
            splits={"train": split, "holdout": dataclasses.replace(split, sha256="0" * 64)},
            dropped={},
        ),
        verdict=verdict(),
        excerpts=[Excerpt("Cheap watches", "Dear friend", 0.12, True)],
    )
    return dataclasses.replace(whole, **more)


def refused() -> Facts:
    """Return the same where the gate refused the model, so that production stays."""
    whole = facts()
    gate = GateDecision(accepted=False, reasons=["(1-AUC)% is 9 [8, 10]; at most 2 is allowed"])
    return dataclasses.replace(
        whole,
        receipt=dataclasses.replace(whole.receipt, gate=gate),
        pointer=Pointer("spamline", OLD, None),
    )
