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
from collections.abc import Sequence
from enum import StrEnum

from stages.config import Guards
from stages.records.decision import in_words
from stages.records.verdict import Verdict


class Action(StrEnum):
    """What to do after a window."""

    NONE = "none"
    UNCONFIRMED = "unconfirmed"
    COOLING_DOWN = "cooling_down"
    PERSISTENT = "persistent"
    RETRAIN = "retrain"

    @property
    def words(self) -> str:
        """The action in a word or two: `cooling down`."""
        return in_words(self.value)

    @property
    def holds_back(self) -> bool:
        """Whether mail drifted, and a guard keeps it from retraining."""
        return self not in (Action.NONE, Action.RETRAIN)

    def sentence(self, guards: Guards) -> str:
        """Return the action as a sentence for people, with the limits of `guards`."""
        return {
            Action.NONE: "Nothing to do.",
            Action.UNCONFIRMED: (
                f"Not confirmed yet: {guards.confirm_windows} of the last {guards.confirm_of} "
                "windows must drift."
            ),
            Action.COOLING_DOWN: (
                f"Cooling down: the last retraining is less than {guards.cool_down_days} days old."
            ),
            Action.PERSISTENT: (
                "The drift persists after a retraining: another one would not help. Look at what "
                "carries it, and at the labels."
            ),
            Action.RETRAIN: "The model should be retrained.",
        }[self]


def next_action(verdict: Verdict, past: Sequence[Verdict], guards: Guards) -> Action:
    """Return what to do about `verdict`.

    A retraining shows in the verdicts: another model gives them. It is dated by the last window
    that the model before it judged.

    Args:
        verdict: on the newest window.
        past: the kept verdicts, of whatever model, in any order; those on later windows, and the
            verdict itself, are passed over.
        guards: the limits.
    """
    if not verdict.drifted:
        return Action.NONE
    end = verdict.window.end
    before = sorted((v for v in past if v.window.end < end), key=lambda v: v.window.end)
    recent = [*before, verdict][-guards.confirm_of :]
    if sum(v.drifted for v in recent) < guards.confirm_windows:
        return Action.UNCONFIRMED
    others = [v.window.end for v in before if v.model != verdict.model]
    if not others or end - max(others) >= dt.timedelta(days=guards.cool_down_days):
        return Action.RETRAIN
    since = [v for v in before if v.window.end > max(others)]
    return Action.PERSISTENT if all(v.drifted for v in since) else Action.COOLING_DOWN
