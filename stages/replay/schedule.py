"""When a replay does what: its windows, and the policies of retraining."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from stages import config
from stages.loop.guards import Action
from stages.machine.errors import ConfigError


class Policy(StrEnum):
    """When to retrain, at the end of a window."""

    NEVER = "never"
    DRIFT = "drift"
    ALWAYS = "always"

    def retrains(self, action: Action) -> bool:
        """Return whether a window retrains after which the guards say `action`."""
        return self is Policy.ALWAYS or (self is Policy.DRIFT and action is Action.RETRAIN)


@dataclass(frozen=True)
class Span:
    """Whole days `[start, end)`, from midnight UTC."""

    start: dt.date
    end: dt.date


def spans(start: dt.date, end: dt.date, days: int) -> list[Span]:
    """Return the windows of `days` days each, from `start` on, that end by `end`.

    Raises:
        ConfigError: not even one does.
    """
    fits = 0 < days <= (end - start).days
    step = dt.timedelta(days=days if fits else 1)
    starts = [start + n * step for n in range((end - start) // step)] if fits else []
    if not starts:
        raise ConfigError(
            f"no window of {days} days lies between {start} and {end}",
            expected="at least one",
            fix="set --from, --to or --step",
        )
    return [Span(day, day + step) for day in starts]


def window(base: config.Window, until: dt.date, batch: Span) -> config.Window:
    """Return `base` with a history that ends at `until`, and `batch` to be scored.

    Raises:
        ConfigError: the history does not begin before its own holdout, or the days are in no
            century that a window may be in.
    """
    try:
        return dataclasses.replace(base, until=until, batch_from=batch.start, batch_to=batch.end)
    except ValueError as error:
        raise ConfigError(
            f"mail from {base.start} to {until} leaves nothing to train on, or the window to "
            f"{batch.end} is not one",
            expected=f"a first window more than {base.holdout_days} days after window.start",
            fix="set --from, or window.start in conf/source/",
        ) from error
