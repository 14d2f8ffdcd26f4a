"""The day that a schedule acts on: today, or a day of a past corpus that takes its place.

Only the command line asks the clock; it passes today in.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping

from stages.machine.errors import ConfigError
from stages.machine.variables import REPLAY


def day_of(today: dt.date, environment: Mapping[str, str] = os.environ) -> dt.date:
    """Return the day that `today` means.

    Args:
        today: the calendar's day, UTC.
        environment: its `SPAMLINE_REPLAY`, such as `2026-12-01:2002-08-26`, says on which day a
            past corpus begins to be lived through, and on which of its own days; a day is a day.

    Raises:
        ConfigError: the variable is not two dates, begins in the future, or leads beyond the
            calendar.
    """
    replay = environment.get(REPLAY)
    if not replay:
        return today
    try:
        begins, there = (dt.date.fromisoformat(date.strip()) for date in replay.split(":"))
    except ValueError:
        raise ConfigError(
            f"{REPLAY} is {replay!r}",
            expected="two dates, such as 2026-12-01:2002-08-26",
            fix=f"correct {REPLAY}, or unset it to follow the calendar",
        ) from None
    if today < begins:
        raise ConfigError(
            f"{REPLAY} begins on {begins}, after today, {today}",
            expected="a first day that has come",
            fix=f"correct {REPLAY}, or wait for that day",
        )
    try:
        return there + (today - begins)
    except OverflowError:
        raise ConfigError(
            f"{REPLAY} is {replay!r}, whose day for {today} is beyond the calendar",
            expected="two dates, such as 2026-12-01:2002-08-26",
            fix=f"correct {REPLAY}, or unset it to follow the calendar",
        ) from None
