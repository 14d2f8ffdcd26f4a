"""The newest verdict in words, for somebody who has a minute."""

from __future__ import annotations

from collections.abc import Iterator

from stages.dashboards.snapshot import Newest, Snapshot
from stages.drift.statistics import STATISTICS
from stages.model.metrics import ONE_MINUS_AUC
from stages.records.decision import Decision

_CHANGED = {0: "never changed", 1: "changed once", 2: "changed twice"}


def decision_of(value: object) -> Decision | None:
    """Return the decision that the database names; None where this code does not know it."""
    try:
        return Decision(str(value))
    except ValueError:
        return None


def headline(newest: Newest) -> str:
    """Return the verdict in a line."""
    decision = decision_of(newest.decision)
    return decision.headline if decision else f"Verdict: {newest.decision}"


def to_do(newest: Newest) -> str:
    """Return what a person does about it."""
    decision = decision_of(newest.decision)
    return decision.advice if decision else "This page does not know that verdict."


def reasons(newest: Newest) -> list[str]:
    """Return why, the deciding sentence first; empty for verdicts of earlier code."""
    lines = [newest.reason, *(newest.details or "").split("\n")]
    return [line for line in lines if line]


def figures(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """Yield the newest window's numbers: name, value, and what it compares with."""
    newest = snapshot.newest
    if newest is None:
        return
    needed = f"{newest.quorum} needed" if newest.quorum is not None else ""
    yield "Votes for a change", f"{newest.votes} of {len(STATISTICS)}", needed
    copies = f"{newest.copies:,} near copies set aside" if newest.copies else ""
    yield "Messages", f"{newest.messages:,}", copies
    before = newest.spam_share_before
    yield (
        "Called spam",
        _percent(newest.predicted_spam_share),
        f"{_percent(before)} in the window before" if before is not None else "",
    )
    yield f"Realised {ONE_MINUS_AUC.title}", *_realised(newest)
    models = [row["model"] for row in snapshot.rows["models"]]
    served = next(
        (n for n, model in enumerate(reversed(models)) if model != models[-1]), len(models)
    )
    yield "Model", newest.model[:12], f"for {_times(served, 'window')}"


def _realised(newest: Newest) -> tuple[str, str]:
    loss, holdout = newest.realised_one_minus_auc_percent, newest.holdout_one_minus_auc_percent
    if loss is None:
        return "unknown", "too few of its messages are labelled"
    return f"{loss:.2f}", "" if holdout is None else f"{holdout:.2f} on the holdout"


def tally(snapshot: Snapshot) -> str:
    """Return what became of all windows, in a sentence."""
    found = [str(row["verdict"]) for row in snapshot.rows["decisions"]]
    counts = ", ".join(
        f"{found.count(decision)} {decision.words}"
        for decision in reversed(Decision)
        if decision in found
    )
    changes = len(snapshot.rows["retrainings"])
    return (
        f"{_times(len(found), 'window')} so far: {counts or 'of other verdicts'}; the model "
        f"{_CHANGED.get(changes, f'changed {changes:,} times')}."
    )


def _times(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.1%}"
