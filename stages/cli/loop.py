"""The loop's part of the command line, and the one place that asks the clock."""

from __future__ import annotations

import argparse
import datetime as dt


def add_loop(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verbs of the loop to those of `python -m stages`."""
    window = verbs.add_parser("window", help="set the newest window that is over, in conf/")
    retrain = verbs.add_parser(
        "retrain", help="judge the newest window; on drift propose a new model (`make retrain`)"
    )
    retrain.add_argument("--force", action="store_true", help="propose one without drift, too")
    retrain.add_argument("--dry-run", action="store_true", help="stop after the verdict")
    for verb, run in ((window, _window), (retrain, _retrain)):
        verb.set_defaults(run=run)
        verb.add_argument(
            "--as-of",
            type=dt.date.fromisoformat,
            metavar="DATE",
            help="the day it is (default: today, UTC, or what SPAMLINE_REPLAY makes of it)",
        )
    review = verbs.add_parser("review", help="write the page that people read (`make review`)")
    review.add_argument("--base", metavar="COMMIT", help="compare with it, not with main")
    review.add_argument("--pull-request", type=int, metavar="N", help="and comment there")
    review.set_defaults(run=_review)
    verbs.add_parser(
        "trust", help="is this commit stale, or forged, or not pushed? (`make trust`)"
    ).set_defaults(run=_trust)
    verbs.add_parser(
        "publish", help="let the registry's alias follow the pointer (`make publish`)"
    ).set_defaults(run=_publish)
    verbs.add_parser(
        "notice", help="open or update the issue on a scheduled run that failed"
    ).set_defaults(run=_notice)


def _day(parsed: argparse.Namespace) -> dt.date:
    from stages.loop.clock import day_of

    return parsed.as_of or day_of(dt.datetime.now(dt.UTC).date())


def _window(parsed: argparse.Namespace) -> None:
    from stages import config
    from stages.loop.window import move_to_newest

    move_to_newest(config.load().window, _day(parsed))


def _retrain(parsed: argparse.Namespace) -> None:
    from stages.loop.retrain import retrain

    retrain(_day(parsed), force=parsed.force, dry_run=parsed.dry_run)


def _review(parsed: argparse.Namespace) -> None:
    from stages.review.post import review

    review(parsed.base, parsed.pull_request)


def _trust(_: argparse.Namespace) -> None:
    from stages.loop.trust import trust

    trust()


def _notice(_: argparse.Namespace) -> None:
    from stages.forge.connect import open_forge
    from stages.loop.proposal import tell_failed

    tell_failed(open_forge())


def _publish(_: argparse.Namespace) -> None:
    from stages import config
    from stages.registry.promotion import publish

    publish(config.load().registry)
