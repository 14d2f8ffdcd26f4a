"""The table of the history as this code writes it, and the row that a verdict makes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stages.machine.errors import DataError

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

TABLE = "embedding_drift_metrics"
KEY = ("model", "window_from", "window_to")
STATISTICS = ("domain_classifier", "mmd", "cosine")
# Of `stages.drift.comparison.Statistic`.
NUMBERS = ("value", "threshold", "p_value", "ratio", "effect")


def row(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a verdict; what it does not say is null.

    Statistics are missing where there was not enough mail; the limits it was judged by, in the
    verdicts of earlier code.

    Raises:
        DataError: it is no verdict.
    """
    try:
        return {**_subject(verdict), **_judgement(verdict), **_quality(verdict["quality"] or {})}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(
            f"no verdict: {error!r}",
            expected="what `Verdict.to_json` returns",
            fix="dvc repro monitor",
        ) from error


def _subject(verdict: Mapping[str, Any]) -> dict[str, Any]:
    window, reference = verdict["window"], verdict["reference"]
    return {
        "model": verdict["model"],
        "window_from": dt.date.fromisoformat(window["from"]),
        "window_to": dt.date.fromisoformat(window["to"]),
        "messages": window["messages"],
        "copies": window.get("copies"),
        "predicted_spam_share": window["predicted_spam_share"],
        "reference_messages": reference["messages"],
        "usual_windows": reference.get("usual_windows"),
    }


def _judgement(verdict: Mapping[str, Any]) -> dict[str, Any]:
    reason, *details = verdict.get("reasons") or [None]
    judgement = {
        "decision": verdict["decision"],
        "changed": verdict.get("changed"),
        "matters": verdict.get("matters"),
        "votes": verdict["votes"],
        "quorum": verdict.get("quorum"),
        "p_value": verdict["p_value"],
        "false_alarm_rate": verdict.get("false_alarm_rate"),
        "effect_floor": verdict.get("effect_floor"),
        "max_realised_loss_percent": verdict.get("max_realised_loss_percent"),
        "max_log_loss_rise": verdict.get("max_log_loss_rise"),
        "reason": reason,
        "details": "\n".join(details) or None,
    }
    for name in STATISTICS:
        statistic = verdict["statistics"].get(name, {})
        judgement |= {f"{name}_{key}": statistic.get(key) for key in (*NUMBERS, "voted")}
    return judgement


def _quality(quality: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "labelled_spam": quality.get("spam"),
        "labelled_ham": quality.get("ham"),
        "realised_one_minus_auc_percent": quality.get("one_minus_auc_percent"),
        "realised_one_minus_auc_percent_low": quality.get("one_minus_auc_percent_low"),
        "realised_spam_recall_at_1_percent": quality.get("recall_at_ham_fpr_1_percent"),
        "realised_f1": quality.get("f1"),
        "holdout_one_minus_auc_percent": quality.get("holdout_one_minus_auc_percent"),
        "realised_log_loss": quality.get("log_loss"),
        "realised_log_loss_rise_low": quality.get("log_loss_rise_low"),
        "holdout_log_loss": quality.get("holdout_log_loss"),
    }


def definition(metadata: MetaData) -> Table:
    """Return the table as the newest revision of `migrations/` leaves it."""
    from sqlalchemy import Boolean, Column, Date, Double, Integer, String, Table, Text

    numbers = [Column(f"{name}_{key}", Double) for name in STATISTICS for key in NUMBERS]
    return Table(
        TABLE,
        metadata,
        Column("model", String(64), primary_key=True),
        Column("window_from", Date, primary_key=True),
        Column("window_to", Date, primary_key=True),
        Column("decision", String(32), nullable=False),
        Column("messages", Integer, nullable=False),
        Column("reference_messages", Integer, nullable=False),
        Column("votes", Integer, nullable=False),
        Column("p_value", Double),
        Column("predicted_spam_share", Double),
        Column("realised_one_minus_auc_percent", Double),
        *numbers,
        *(Column(f"{name}_voted", Boolean) for name in STATISTICS),
        # Since the second revision; null in rows of before.
        Column("changed", Boolean),
        Column("matters", Boolean),
        Column("quorum", Integer),
        Column("copies", Integer),
        Column("usual_windows", Integer),
        Column("false_alarm_rate", Double),
        Column("effect_floor", Double),
        Column("max_realised_loss_percent", Double),
        Column("labelled_spam", Integer),
        Column("labelled_ham", Integer),
        Column("realised_one_minus_auc_percent_low", Double),
        Column("realised_spam_recall_at_1_percent", Double),
        Column("realised_f1", Double),
        Column("holdout_one_minus_auc_percent", Double),
        # The deciding sentence, and the others, one a line.
        Column("reason", Text),
        Column("details", Text),
        # Since the third revision, in the place of max_realised_loss_percent.
        Column("max_log_loss_rise", Double),
        Column("realised_log_loss", Double),
        Column("realised_log_loss_rise_low", Double),
        Column("holdout_log_loss", Double),
    )
