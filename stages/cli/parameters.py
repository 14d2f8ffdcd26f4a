"""Kinds of parameters that several verbs share, and the one place that asks the clock."""

from __future__ import annotations

import datetime as dt

import click


class Day(click.ParamType[dt.date]):
    """A date in ISO format."""

    name = "YYYY-MM-DD"

    def convert(
        self, value: str | dt.date, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.date:
        """Return the date that `value` is.

        Raises:
            BadParameter: it is not one.
        """
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2002-08-05", param, ctx)


def today() -> dt.date:
    """Return the calendar's day, UTC."""
    return dt.datetime.now(dt.UTC).date()


check = click.option(
    "--check", is_flag=True, show_default=False, help="Write nothing; fail unless all is in order."
)
overrides = click.argument("overrides", nargs=-1, metavar="[GROUP=OPTION]...")
