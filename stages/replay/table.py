"""The policies side by side, as cells of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEAD = (
    "retrain",
    "(1-AUC)%",
    "against never",
    "spam caught at 1 % ham lost",
    "F1",
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
        interval(total["one_minus_auc_percent"], 2),
        interval(against["one_minus_auc_percent"], 2, sign="+") if against else "",
        interval(total["recall_at_ham_fpr_1_percent"], 3),
        interval(total["f1"], 3),
        f"{total['ham_lost']}, {total['spam_missed']}",
        f"{total['promoted']}{refused}",
    )


def interval(of: Mapping[str, float], decimals: int, sign: str = "") -> str:
    """Return a number with its interval as a cell: `0.26 [0.04, 0.58]`."""
    value, low, high = (f"{of[end]:{sign}.{decimals}f}" for end in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _seconds(compute: Mapping[str, float]) -> str:
    return f"{compute['scoring_cpu_seconds'] + compute['retraining_cpu_seconds']:.0f}"
