"""The policies side by side, as cells of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stages.model.metrics import F1, ONE_MINUS_AUC, RECALL_AT_1, Metric
from stages.records.interval import Interval

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
NAMES = {"never": "never", "drift": "on drift", "always": "every window"}


def rows(policies: Mapping[str, Any], compute: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row of `HEAD` for each policy of `results`; `compute` has the seconds."""
    return [
        (NAMES[name], *_cells(policy["total"]), _seconds(compute[name]))
        for name, policy in policies.items()
    ]


def _cells(total: Mapping[str, Any]) -> tuple[str, ...]:
    against = total["against_never"]
    refused = f", {total['refused']} refused" if total["refused"] else ""
    return (
        shown(ONE_MINUS_AUC, total),
        shown(ONE_MINUS_AUC, against, sign="+") if against else "",
        shown(RECALL_AT_1, total),
        shown(F1, total),
        f"{total['ham_lost']}, {total['spam_missed']}",
        f"{total['promoted']}{refused}",
    )


def shown(metric: Metric, found: Mapping[str, Any], sign: str = "") -> str:
    """Return a metric of a file's results as a cell: `0.26 [0.04, 0.58]`."""
    return metric.shown(Interval(**found[metric.name]), sign)


def _seconds(compute: Mapping[str, float]) -> str:
    return f"{compute['scoring_cpu_seconds'] + compute['retraining_cpu_seconds']:.0f}"
