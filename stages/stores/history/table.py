"""The row that a verdict makes in the history.

The table itself is what `migrations/` make of it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping

from stages.records.verdict import Quality, Verdict

TABLE = "embedding_drift_metrics"
KEY = ("model", "window_from", "window_to")
# A number, a truth, a text or, where the database has them, a date.
Cell = str | float | bool | dt.date | None
Row = Mapping[str, Cell]


def row(verdict: Verdict) -> dict[str, Cell]:
    """Return the row of a verdict, by column; what the verdict does not say is None or left out.

    Columns of statistics are left out where there was not enough mail.
    """
    return {**_subject(verdict), **_judgement(verdict), **_statistics(verdict)} | (
        _quality(verdict.quality) if verdict.quality else {}
    )


def _subject(verdict: Verdict) -> dict[str, Cell]:
    window, reference = verdict.window, verdict.reference
    return {
        "model": verdict.model,
        "window_from": window.start,
        "window_to": window.end,
        "messages": window.messages,
        "copies": window.copies,
        "predicted_spam_share": window.predicted_spam_share,
        "reference_messages": reference.messages,
        "usual_windows": reference.usual_windows,
    }


def _judgement(verdict: Verdict) -> dict[str, Cell]:
    # The deciding sentence, and the others, one a line.
    reason, *details = verdict.reasons or (None,)
    return {
        "decision": verdict.decision.value,
        "changed": verdict.changed,
        "matters": verdict.matters,
        "votes": verdict.votes,
        "quorum": verdict.quorum,
        "p_value": verdict.p_value,
        "false_alarm_rate": verdict.false_alarm_rate,
        "effect_floor": verdict.effect_floor,
        "max_realised_loss_percent": verdict.max_realised_loss_percent,
        "max_log_loss_rise": verdict.max_log_loss_rise,
        "reason": reason,
        "details": "\n".join(filter(None, details)) or None,
    }


def _statistics(verdict: Verdict) -> dict[str, Cell]:
    return {
        f"{name}_{key}": None if value == math.inf else value
        for name, found in verdict.statistics.items()
        for key, value in dataclasses.asdict(found).items()
    }


def _quality(quality: Quality) -> dict[str, Cell]:
    return {
        "labelled_spam": quality.spam,
        "labelled_ham": quality.ham,
        "realised_one_minus_auc_percent": quality.one_minus_auc_percent,
        "realised_one_minus_auc_percent_low": quality.one_minus_auc_percent_low,
        "realised_spam_recall_at_1_percent": quality.recall_at_ham_fpr_1_percent,
        "realised_f1": quality.f1,
        "holdout_one_minus_auc_percent": quality.holdout_one_minus_auc_percent,
        "realised_log_loss": quality.log_loss,
        "realised_log_loss_rise_low": quality.log_loss_rise_low,
        "holdout_log_loss": quality.holdout_log_loss,
    }
