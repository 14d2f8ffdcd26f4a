"""The verb `replay`: its defaults, and what is printed in the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from stages import config
from stages.machine.console import say, shown
from stages.machine.errors import DataError
from stages.mail.sources import Survey, open_source
from stages.replay import table
from stages.replay.replay import FIGURE, RESULTS, Found, replay
from stages.replay.schedule import Policy, spans


def run(
    overrides: Sequence[str],
    *,
    start: dt.date | None,
    end: dt.date | None,
    days: int,
    policies: Sequence[Policy],
    scratch: Path,
) -> None:
    """Replay, and print the table.

    Args:
        overrides: as `params` takes them; without any, `params.yaml` holds.
        start: of the first window; by default where the configured history ends.
        end: of the last window; at most, and by default, the day after the source's last.
        days: of a window.
        policies: which, each once.
        scratch: see `replay`.
    """
    params = config.validate(config.compose(overrides), "conf/") if overrides else config.load()
    survey = open_source(params.source, seed=params.seed).survey()
    over = _after(survey)
    windows = spans(start or params.window.until, min(end or over, over), days)
    found = replay(params, windows, list(dict.fromkeys(policies)), scratch, survey)
    _print(found)
    say(f"replay: {scratch / RESULTS}, {scratch / FIGURE}")


_DAY = dt.timedelta(days=1)


def _after(survey: Survey) -> dt.date:
    if survey.last is None:
        raise DataError(
            "the source holds no dated mail",
            expected="mail to live through",
            fix="edit conf/source/",
        )
    # Mail may be dated to the last day of the calendar.
    return min(survey.last.date(), dt.date.max - _DAY) + _DAY


def _print(found: Found) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    drawn = Table(*table.HEAD, box=SIMPLE)
    for row in table.rows(found.policies, found.compute):
        drawn.add_row(*map(shown, row))
    Console(width=160, highlight=False).print(drawn)
