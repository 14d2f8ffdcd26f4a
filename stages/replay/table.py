"""The policies side by side, as cells of a table."""

from __future__ import annotations

from stages.model.metrics import F1, ONE_MINUS_AUC, RECALL_AT_1
from stages.replay.outcome import Compute, Outcomes, Seconds, Total
from stages.replay.schedule import Policy

HEAD = (
    "retrain",
    ONE_MINUS_AUC.title,
    "against never",
    RECALL_AT_1.title,
    F1.title,
    "ham lost, spam missed",
    "retrainings",
    "CPU s",
)
NAMES = {Policy.NEVER: "never", Policy.DRIFT: "on drift", Policy.ALWAYS: "every window"}


def rows(outcomes: Outcomes, compute: Compute) -> list[tuple[str, ...]]:
    """Return a row of `HEAD` for each policy of `outcomes`; `compute` has the seconds."""
    return [
        (NAMES[policy], *_cells(outcome.total), _seconds(compute[policy]))
        for policy, outcome in outcomes.items()
    ]


def _cells(total: Total) -> tuple[str, ...]:
    found, against, confusion = total.metrics, total.against_never, total.confusion
    refused = f", {total.refused} refused" if total.refused else ""
    return (
        ONE_MINUS_AUC.shown(found[ONE_MINUS_AUC.name]),
        ONE_MINUS_AUC.shown(against[ONE_MINUS_AUC.name], "+") if against else "",
        RECALL_AT_1.shown(found[RECALL_AT_1.name]),
        F1.shown(found[F1.name]),
        f"{confusion.ham_lost}, {confusion.spam_missed}",
        f"{total.promoted}{refused}",
    )


def _seconds(seconds: Seconds) -> str:
    return f"{seconds.scoring + seconds.retraining:.0f}"
