"""The newest verdict in words, for somebody who has a minute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stages.dashboards.panels import DECISIONS
from stages.dashboards.snapshot import Row, Snapshot

_HEADLINES = {
    "not_enough_mail": "Not enough mail for a verdict",
    "no_drift": "No drift",
    "changed": "The mail has changed, but not in a way that matters",
    "drift": "Drift: the mail has changed in a way that matters",
}
_TO_DO = {
    "not_enough_mail": "Nothing is known about this window. A longer one holds more mail: widen "
    "window.batch_from and window.batch_to in conf/.",
    "no_drift": "Nothing to do: this is the kind of mail that the model knows.",
    "changed": "Nothing to do yet: changes of this size are usual, and are not known to hurt.",
    "drift": "The model should learn from newer mail: make retrain proposes one that has, and the "
    "gate compares it with the model in production.",
}

_CHANGED = {0: "never changed", 1: "changed once", 2: "changed twice"}


def headline(newest: Row) -> str:
    """Return the verdict in a line."""
    decision = str(newest["decision"])
    return _HEADLINES.get(decision, f"Verdict: {decision}")


def to_do(newest: Row) -> str:
    """Return what a person does about it."""
    return _TO_DO.get(str(newest["decision"]), "This page does not know that verdict.")


def reasons(newest: Row) -> list[str]:
    """Return why, the deciding sentence first; empty for verdicts of earlier code."""
    lines = [newest["reason"], *str(newest["details"] or "").split("\n")]
    return [str(line) for line in lines if line]


def figures(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """Yield the newest window's numbers: name, value, and what it compares with."""
    newest = snapshot.newest
    if newest is None:
        return
    needed = f"{newest['quorum']} needed" if newest["quorum"] is not None else ""
    yield "Votes for a change", f"{newest['votes']} of 3", needed
    copies = newest["copies"]
    yield (
        "Messages",
        f"{newest['messages']:,}",
        f"{copies:,} near copies set aside" if copies else "",
    )
    share, before = newest["predicted_spam_share"], newest["spam_share_before"]
    yield (
        "Called spam",
        _percent(share),
        f"{_percent(before)} in the window before" if before is not None else "",
    )
    loss, holdout = (
        newest["realised_one_minus_auc_percent"],
        newest["holdout_one_minus_auc_percent"],
    )
    known = loss is not None
    yield (
        "Realised (1-AUC)%",
        f"{loss:.2f}" if known else "unknown",
        ("" if holdout is None else f"{holdout:.2f} on the holdout")
        if known
        else "too few of its messages are labelled",
    )
    models = [row["model"] for row in snapshot.rows["models"]]
    served = next(
        (n for n, model in enumerate(reversed(models)) if model != models[-1]), len(models)
    )
    yield "Model", str(newest["model"])[:12], f"for {_times(served, 'window')}"


def tally(snapshot: Snapshot) -> str:
    """Return what became of all windows, in a sentence."""
    decisions = [str(row["verdict"]) for row in snapshot.rows["decisions"]]
    counts = ", ".join(
        f"{decisions.count(decision)} {words}"
        for decision, words in reversed(DECISIONS.items())
        if decision in decisions
    )
    changes = len(snapshot.rows["retrainings"])
    return (
        f"{_times(len(decisions), 'window')} so far: {counts or 'of other verdicts'}; the model "
        f"{_CHANGED.get(changes, f'changed {changes:,} times')}."
    )


def _times(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _percent(share: Any) -> str:
    return "unknown" if share is None else f"{share:.1%}"
