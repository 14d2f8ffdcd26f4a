"""What follows from a verdict, in the light of those before it: at most one retraining at a time.

drift? -no-> none
    | yes
as many drifting windows lately as it takes? -no-> unconfirmed
    | yes
long enough since the last retraining? -yes-> retrain
    | no
any window without drift since then? -no-> persistent     (an alert: the retraining did not help)
    | yes
  cooling_down
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from stages.config import Guards
from stages.drift.verdict import Decision

VerdictFile = Mapping[str, Any]


class Action(StrEnum):
    """What to do after a window."""

    NONE = "none"
    UNCONFIRMED = "unconfirmed"
    COOLING_DOWN = "cooling_down"
    PERSISTENT = "persistent"
    RETRAIN = "retrain"


def decide(verdict: VerdictFile, past: Sequence[VerdictFile], guards: Guards) -> Action:
    """Return what to do about `verdict`.

    A retraining shows in the verdicts: another model gives them. It is dated by the last window
    that the model before it judged.

    Args:
        verdict: as `Verdict.to_json` returns it.
        past: the kept verdicts, of whatever model, in any order; those on later windows, and the
            verdict itself, are passed over.
        guards: the limits.
    """
    if not _drifted(verdict):
        return Action.NONE
    before = sorted((v for v in past if _end(v) < _end(verdict)), key=_end)
    recent = [*before, verdict][-guards.confirm_of :]
    if sum(map(_drifted, recent)) < guards.confirm_windows:
        return Action.UNCONFIRMED
    others = [_end(v) for v in before if v["model"] != verdict["model"]]
    if not others or _end(verdict) - max(others) >= dt.timedelta(days=guards.cool_down_days):
        return Action.RETRAIN
    since = [v for v in before if _end(v) > max(others)]
    return Action.PERSISTENT if all(map(_drifted, since)) else Action.COOLING_DOWN


def reason(action: Action, guards: Guards) -> str:
    """Return the action as a sentence for people."""
    return {
        Action.NONE: "Nothing to do.",
        Action.UNCONFIRMED: (
            f"Not confirmed yet: {guards.confirm_windows} of the last {guards.confirm_of} windows "
            "must drift."
        ),
        Action.COOLING_DOWN: (
            f"Cooling down: the last retraining is less than {guards.cool_down_days} days old."
        ),
        Action.PERSISTENT: (
            "The drift persists after a retraining: another one would not help. Look at what "
            "carries it, and at the labels."
        ),
        Action.RETRAIN: "The model should be retrained.",
    }[action]


def _drifted(verdict: VerdictFile) -> bool:
    return bool(verdict["decision"] == Decision.DRIFT)


def _end(verdict: VerdictFile) -> dt.date:
    return dt.date.fromisoformat(verdict["window"]["to"])
