"""The replay of a corpus under each policy of retraining."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import click

from stages.cli.parameters import Day, overrides
from stages.cli.verb import Verb, verb
from stages.records.layout import HERE

# Those of `stages.replay.schedule.Policy`, which is slow to import.
POLICIES = ("never", "drift", "always")


class Replay(Verb):
    """A verb whose `--policies` takes all the words after it: `--policies never drift`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, which knows only `--policies never --policies drift`."""
        return super().parse_args(ctx, list(_spread(args)))


def _spread(words: list[str]) -> Iterator[str]:
    several = False
    for word, following in zip(words, [*words[1:], "-"], strict=True):
        is_value = not (word.startswith("-") or "=" in word)
        if several and is_value:
            yield "--policies"
        several = word == "--policies" or (several and is_value)
        # Left alone, it lacks its value, and click says so.
        if word != "--policies" or following.startswith("-") or "=" in following:
            yield word


@verb(
    cls=Replay,
    details="Scores, judges and retrains window by window, as the scheduled loop would, in a "
    "scratch folder; an interrupted replay goes on where it stopped.\n\n"
    "GROUP=OPTION as for `params`; without any, params.yaml holds.",
    examples=(
        "make replay",
        "python -m stages replay --from 2002-08-05 --to 2002-10-07 --policies never drift",
        "python -m stages replay source=files --step 1",
    ),
)
@click.option(
    "--from",
    "start",
    type=Day(),
    show_default="window.until",
    help="The first day to score; a first model learns from the mail before it.",
)
@click.option(
    "--to",
    "end",
    type=Day(),
    show_default="the end of the source",
    help="The day after the last one to score.",
)
@click.option("--step", type=int, default=7, metavar="DAYS", help="The length of a window.")
@click.option(
    "--policies",
    multiple=True,
    type=click.Choice(POLICIES),
    metavar="POLICY ...",
    default=POLICIES,
    help=f"When to retrain: {', '.join(POLICIES)}.",
)
@click.option(
    "--scratch",
    type=click.Path(path_type=Path),
    default=HERE.replay,
    metavar="FOLDER",
    help="Where everything is written.",
)
@overrides
def replay(
    start: dt.date | None,
    end: dt.date | None,
    step: int,
    policies: tuple[str, ...],
    scratch: Path,
    overrides: tuple[str, ...],
) -> None:
    """Live through a corpus window by window, under each policy of retraining."""
    from stages.replay.command import run
    from stages.replay.schedule import Policy

    run(
        overrides,
        start=start,
        end=end,
        days=step,
        policies=[Policy(name) for name in policies],
        scratch=scratch,
    )
