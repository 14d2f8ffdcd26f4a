"""Which window a day is about, and writing it into `conf/`.

Windows stand side by side, each as long as the batch that `conf/` names, so that every mail is
judged once:

[start ··· history ··· until) ··· [batch)[batch)[batch) ···
                                          ^ the newest that is whole on a day
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from stages import config
from stages.loop.editing import with_dates
from stages.machine.console import say
from stages.machine.errors import ConfigError
from stages.machine.files import write_text
from stages.records.layout import HERE, Layout


def newest_whole(window: config.Window, as_of: dt.date) -> config.Window | None:
    """Return `window` with its batch moved to the newest one that is over on `as_of`.

    None while no batch behind the history is over: the first ones begin where the configured one
    does, or whole lengths before.

    Raises:
        ConfigError: `as_of` lies in the history, which is learned from already, or in no century
            that a window may be in.
    """
    if as_of < window.until:
        raise ConfigError(
            f"{as_of} lies before {window.until}, up to where the production model's mail is "
            "history already",
            expected=f"{window.until} or a later day: windows are judged in their order",
            fix=f"give a later day, or move window.until back in {config.CONF}/",
        )
    length = window.batch_to - window.batch_from
    behind = (as_of - window.batch_to) // length
    batch_from = window.batch_from + behind * length
    if batch_from < window.until:
        return None
    return _moved(window, window.until, batch_from, batch_from + length)


def move_to_newest(
    before: config.Window, day: dt.date, layout: Layout = HERE
) -> config.Window | None:
    """Set the newest batch that is over on `day`, and say so; None where there is none yet.

    Raises:
        ConfigError: as for `newest_whole` and `set_window`.
    """
    window = newest_whole(before, day)
    if window is None:
        say(f"window: none is over on {day}; the first of them ends on {before.batch_to}")
    else:
        set_window(window, layout)
        say(f"window: {name_of(window)}")
    return window


def after(window: config.Window) -> config.Window:
    """Return `window` one batch on: what was the batch is the newest part of the history.

    Raises:
        ConfigError: that is in no century that a window may be in.
    """
    length = window.batch_to - window.batch_from
    return _moved(window, window.batch_to, window.batch_to, window.batch_to + length)


def _moved(
    window: config.Window, until: dt.date, batch_from: dt.date, batch_to: dt.date
) -> config.Window:
    try:
        return dataclasses.replace(window, until=until, batch_from=batch_from, batch_to=batch_to)
    except ValueError as error:
        raise ConfigError(
            f"the window from {batch_from} to {batch_to} is not one",
            expected="days that stages/config/ allows",
            fix=f"edit the window in {config.CONF}/, or give another day",
        ) from error


def name_of(window: config.Window) -> str:
    """Return the batch's name, as branches and files carry it: `2002-08-26_2002-09-02`."""
    return f"{window.batch_from}_{window.batch_to}"


def set_window(window: config.Window, layout: Layout = HERE) -> None:
    """Write the edges of `window` into the source's file in `conf/`, and `params.yaml` anew.

    Everything else in the source's file stays as people wrote it, comments too.

    Raises:
        ConfigError: that file names no such edges, or another one overrides them.
    """
    path = config.option_file("source", layout.conf)
    edges = {name: getattr(window, name) for name in ("until", "batch_from", "batch_to")}
    before = path.read_text(encoding="utf-8")
    write_text(path, with_dates(before, "window", edges, path))
    tree = config.compose(conf=layout.conf)
    said = {name: tree["window"][name] for name in edges}
    differing = [name for name in edges if said[name] != edges[name].isoformat()]
    if differing:
        write_text(path, before)
        name = differing[0]
        raise ConfigError(
            f"window.{name} is {said[name]} whatever {path} says",
            expected="the window's edges in the file of the source alone",
            fix=f"remove window.{name} from the other files of conf/",
        )
    write_text(layout.params, config.params_text(tree))
