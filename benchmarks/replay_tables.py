"""The tables of the replay's results, for the README and docs/replay.md."""

from __future__ import annotations

from benchmarks.drift.results import Rate, with_interval
from benchmarks.machine import shown
from benchmarks.replay_results import Noticed, ReplayCosts, ReplayResults
from stages.model.metrics import ONE_MINUS_AUC
from stages.replay import table as cells
from stages.replay.outcome import Compute, LivedWindow, Outcomes
from stages.replay.schedule import Policy
from stages.review.markdown import table

RISEN = "surely risen by"


def policies() -> list[str]:
    """Return the table of the policies of retraining."""
    return _compared(ReplayResults.read().policies, ReplayCosts.read().policies)


def later() -> list[str]:
    """Return the same table with a later start."""
    return _compared(ReplayResults.read().later, ReplayCosts.read().later)


def _compared(outcomes: Outcomes, compute: Compute) -> list[str]:
    *head, seconds = cells.HEAD
    head.append(f"{seconds} ({shown(ReplayCosts.read().machine)})")
    return [table(head, cells.rows(_in_order(outcomes), compute))]


def _in_order(outcomes: Outcomes) -> Outcomes:
    """Return the policies in their own order; JSON has them by name."""
    return {policy: outcomes[policy] for policy in Policy if policy in outcomes}


def weeks() -> list[str]:
    """Return the table of the replay's windows: the verdict and the realised loss."""
    measured = _in_order(ReplayResults.read().policies)
    losses = [f"{ONE_MINUS_AUC.title}, {cells.NAMES[policy]}" for policy in measured]
    head = ["week of", "ham, spam", "verdict", f"log loss, {RISEN}", *losses]
    rows = []
    for same in zip(*(outcome.windows for outcome in measured.values()), strict=True):
        heeded = same[list(measured).index(Policy.DRIFT)]
        losses = [_loss(window) for window in same]
        counts = heeded.confusion
        labelled = f"{counts.ham}, {counts.spam}" if counts else ""
        risen = _risen(heeded.log_loss_rise_low)
        rows.append((str(heeded.start), labelled, _judged(heeded), risen, *losses))
    return [table(head, rows)]


def _judged(window: LivedWindow) -> str:
    """Return the verdict on a window, and what kept it from retraining."""
    held_back = window.action.holds_back
    return f"{window.words}, {window.action.words}" if held_back else window.words


def _loss(window: LivedWindow) -> str:
    """Return the loss of a window, and what came of the retraining at its end."""
    loss = window.metrics.get(ONE_MINUS_AUC.name)
    shown = "no spam" if loss is None else f"{loss:.2f}"
    if window.retraining is None:
        return shown
    return f"{shown}, then {'retrained' if window.retraining.promoted else 'refused'}"


def _risen(low: float | None) -> str:
    return "-" if low is None else f"{low:+.3f}"


def planted() -> list[str]:
    """Return the table of planted changes: when the verdict noticed them and what they cost."""
    losses = (ONE_MINUS_AUC.title, f"log loss, {RISEN}")
    head = ["mail", "changed", "retrainings before", "drift", *losses]
    rows = [
        (
            {"shuffled": "shuffled", "dates": "in date order"}[stream.order],
            _change(stream),
            f"{stream.retrainings_before} in {_weeks(stream.windows_before)}",
            _delay(stream),
            _before_and_after(stream, ["-" if x is None else f"{x:.2f}" for x in stream.losses]),
            _before_and_after(stream, [_risen(low) for low in stream.log_loss_rises_low]),
        )
        for stream in ReplayResults.read().planted
    ]
    return [table(head, rows)]


def _before_and_after(stream: Noticed, shown: list[str]) -> str:
    """Return the weeks before the change and, after a slash, those from then on."""
    first = stream.windows_before
    return f"{' '.join(shown[:first])} / {' '.join(shown[first:])}"


def _change(stream: Noticed) -> str:
    if not stream.share:
        return "nothing"
    what = {"feeds": "of the mail: items of feeds", "words": "of the words of spam: disguised"}
    return f"{stream.share:.0%} {what[stream.kind]}, from {stream.day} on"


def _delay(stream: Noticed) -> str:
    if stream.delay is None:
        return f"not in {_weeks(stream.windows_after)}"
    return f"{_weeks(stream.delay)} later" if stream.delay else "in the first week"


def _weeks(number: int) -> str:
    return f"{number} week{'s' * (number != 1)}"


def false_harms() -> list[str]:
    """Return the table of how often a harm is false, by the model's mean log loss."""
    head = ["log loss on all of it", "window of", "called a harm"]
    rows = [
        (
            f"{row.log_loss:.3f}",
            str(row.window),
            with_interval(Rate(row.hurt, row.draws)),
        )
        for row in ReplayResults.read().false_harms
    ]
    return [table(head, rows)]
