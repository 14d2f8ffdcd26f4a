"""The tables of the replay's results, for the README and docs/replay.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.drift.results import Rate, with_interval
from benchmarks.machine import shown
from stages.machine.files import read_json
from stages.model.metrics import ONE_MINUS_AUC
from stages.replay import table as cells
from stages.review.markdown import table

RISEN = "surely risen by"
REPLAY, COMPUTE = Path("benchmarks/replay.json"), Path("benchmarks/replay_compute.json")


def policies(name: str = "policies") -> list[str]:
    """Return the table of the policies of retraining; `name` is "policies" or "later"."""
    compute = read_json(COMPUTE)
    rows = cells.rows(_measured(name), compute[name])
    *head, seconds = cells.HEAD
    return [table([*head, f"{seconds} ({shown(compute['machine'])})"], rows)]


def _measured(name: str) -> dict[str, Any]:
    """Return the policies' results in their own order; JSON has them by name."""
    found = read_json(REPLAY)[name]
    return {policy: found[policy] for policy in cells.NAMES if policy in found}


def weeks() -> list[str]:
    """Return the table of the replay's windows: the verdict and the realised loss."""
    measured = _measured("policies")
    losses = [f"{ONE_MINUS_AUC.title}, {cells.NAMES[policy]}" for policy in measured]
    head = ["week of", "ham, spam", "verdict", f"log loss, {RISEN}", *losses]
    rows = []
    for same in zip(*(policy["windows"] for policy in measured.values()), strict=True):
        heeded = same[list(measured).index("drift")]
        losses = [_loss(window) for window in same]
        counts = f"{heeded['ham']}, {heeded['spam']}"
        risen = _risen(heeded["log_loss_rise_low"])
        rows.append((heeded["from"], counts, _judged(heeded), risen, *losses))
    return [table(head, rows)]


def _judged(window: dict[str, Any]) -> str:
    """Return the verdict on a window, and what kept it from retraining."""
    decision, action = (window[key].replace("_", " ") for key in ("decision", "action"))
    return decision if action in ("none", "retrain") else f"{decision}, {action}"


def _loss(window: dict[str, Any]) -> str:
    """Return the loss of a window, and what came of the retraining at its end."""
    loss = window[ONE_MINUS_AUC.name]
    shown = "no spam" if loss is None else f"{loss:.2f}"
    retraining = window["retraining"]
    if retraining is None:
        return shown
    return f"{shown}, then {'retrained' if retraining['promoted'] else 'refused'}"


def _risen(low: float | None) -> str:
    return "-" if low is None else f"{low:+.3f}"


def planted() -> list[str]:
    """Return the table of planted changes: when the verdict noticed them and what they cost."""
    losses = (ONE_MINUS_AUC.title, f"log loss, {RISEN}")
    head = ["mail", "changed", "retrainings before", "drift", *losses]
    rows = [
        (
            {"shuffled": "shuffled", "dates": "in date order"}[stream["order"]],
            _change(stream),
            f"{stream['retrainings_before']} in {_weeks(stream['windows_before'])}",
            _delay(stream),
            _before_and_after(stream, ["-" if x is None else f"{x:.2f}" for x in stream["losses"]]),
            _before_and_after(stream, [_risen(low) for low in stream["log_loss_rises_low"]]),
        )
        for stream in read_json(REPLAY)["planted"]
    ]
    return [table(head, rows)]


def _before_and_after(stream: dict[str, Any], shown: list[str]) -> str:
    """Return the weeks before the change and, after a slash, those from then on."""
    first = stream["windows_before"]
    return f"{' '.join(shown[:first])} / {' '.join(shown[first:])}"


def _change(stream: dict[str, Any]) -> str:
    if not stream["share"]:
        return "nothing"
    what = {"feeds": "of the mail: items of feeds", "words": "of the words of spam: disguised"}
    return f"{stream['share']:.0%} {what[stream['kind']]}, from {stream['day']} on"


def _delay(stream: dict[str, Any]) -> str:
    if stream["delay"] is None:
        return f"not in {_weeks(stream['windows_after'])}"
    return f"{_weeks(stream['delay'])} later" if stream["delay"] else "in the first week"


def _weeks(number: int) -> str:
    return f"{number} week{'s' * (number != 1)}"


def false_harms() -> list[str]:
    """Return the table of how often a harm is false, by the model's mean log loss."""
    head = ["log loss on all of it", "window of", "called a harm"]
    rows = [
        (
            f"{row['log_loss']:.3f}",
            str(row["window"]),
            with_interval(Rate(row["hurt"], row["draws"])),
        )
        for row in read_json(REPLAY)["false_harms"]
    ]
    return [table(head, rows)]
