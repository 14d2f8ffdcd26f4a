"""The loop: the newest window, a new model where it drifted, and what people decide by."""

from __future__ import annotations

import datetime as dt

import click

from stages.cli.parameters import Day, today
from stages.cli.verb import verb

_as_of = click.option(
    "--as-of",
    type=Day(),
    show_default="today, UTC, or the day that SPAMLINE_REPLAY makes of it",
    help="The day to act on.",
)


def _day(as_of: dt.date | None) -> dt.date:
    from stages.loop.clock import day_of

    return as_of or day_of(today())


@verb(
    details="Writes conf/ and params.yaml. Changes nothing while no window is over.",
    examples=("python -m stages window --as-of 2002-09-16",),
)
@_as_of
def window(as_of: dt.date | None) -> None:
    """Set the newest window that is over, in conf/."""
    from stages import config
    from stages.loop.window import move_to_newest

    move_to_newest(config.load().window, _day(as_of))


@verb(
    details="Trains on the newest mail, and pushes a branch with the candidate: a pull request "
    "where GitHub is set up. Nothing is written to main.",
    examples=("make retrain", "python -m stages retrain --as-of 2002-09-16 --dry-run"),
)
@_as_of
@click.option("--force", is_flag=True, show_default=False, help="Propose a model without drift.")
@click.option("--dry-run", is_flag=True, show_default=False, help="Stop after the verdict.")
def retrain(as_of: dt.date | None, force: bool, dry_run: bool) -> None:
    """Judge the newest window; on drift, propose a new model."""
    from stages.loop import retrain

    retrain.retrain(_day(as_of), force=force, dry_run=dry_run)


@verb(
    details="Writes data/review/: what the model is and what it would change, for whoever decides "
    "on it.",
    examples=("make review", "python -m stages review --base v1.2 --pull-request 7"),
)
@click.option("--base", metavar="COMMIT", show_default="main", help="The commit to compare with.")
@click.option(
    "--pull-request", type=int, metavar="NUMBER", help="Comment there as well, on GitHub."
)
def review(base: str | None, pull_request: int | None) -> None:
    """Write the page that people read before they merge a model."""
    from stages.review import post

    post.review(base, pull_request)


@verb(examples=("make trust",))
def trust() -> None:
    """Fail if this commit is stale, forged or not pushed."""
    from stages.loop import trust

    trust.trust()


@verb(examples=("make notice",))
def notice() -> None:
    """Open or update the issue on a scheduled run that failed."""
    from stages.forge.connect import open_forge
    from stages.loop.proposal import tell_failed

    tell_failed(open_forge())
