"""The command line: `python -m stages <verb>`.

Each verb is a library call first; here its arguments are read and a known error becomes one line
and an exit status: 0 done, 1 bug (traceback), 2 user's mistake or missing service, 3 a gate's no.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from stages.cli.loop import add_loop
from stages.machine.environment import load_environment
from stages.machine.errors import UserError, full_disk
from stages.machine.project import bring_project

# What the bytes of our outputs depend on and no argument sets. One thread an operation: sums in
# another order differ in the last bits.
PINNED_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "OPENBLAS_CORETYPE": "Haswell",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status."""
    parsed = _parser().parse_args(arguments)
    _forget_empty()
    try:
        bring_project()
        load_environment()
        parsed.run(parsed)
    except (UserError, OSError) as error:
        known = full_disk(error) if isinstance(error, OSError) else error
        if known is None:
            raise
        print(f"spamline {parsed.verb}: {known}", file=sys.stderr)  # noqa: T201
        return known.exit_status
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m stages",
        description="Keeps a spam filter honest: data -> model -> verdict -> reviewed retraining.",
        epilog="Everyday use is `make run`, `dvc repro` and `dvc exp run -S group=option`.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    for name, about in {
        "fetch": "read the source, split it in time, drop near duplicates",
        "train": "search, fit and calibrate the classifier",
        "evaluate": "score candidate and champion on the holdout",
        "register": "register the candidate, let the gate decide, write the receipt",
        "infer": "score the batch with the production model",
        "monitor": "compare the batch with the production model's reference",
    }.items():
        verb = verbs.add_parser(name, help=f"stage: {about}")
        verb.set_defaults(run=_stage)
    embed = verbs.add_parser("embed", help="stage: encode the messages of one split")
    embed.add_argument("split", choices=["train", "holdout", "batch"])
    embed.set_defaults(run=_stage)

    run = verbs.add_parser("run", help="the whole pipeline, then a summary (`make run`)")
    run.set_defaults(run=_run)
    score = verbs.add_parser(
        "score", help="the scheduled job: fetch, embed, infer and monitor the batch, without DVC"
    )
    score.set_defaults(run=_score)
    verbs.add_parser("summary", help="what the last run found").set_defaults(run=_summary)
    promote = verbs.add_parser(
        "promote", help="make the accepted candidate of the receipt the production model"
    )
    promote.set_defaults(run=_promote)
    add_loop(verbs)
    params = verbs.add_parser("params", help="compose conf/ into params.yaml (`make params`)")
    params.add_argument("--check", action="store_true", help="only say whether the two agree")
    params.add_argument(
        "overrides", nargs="*", metavar="GROUP=OPTION", help="as Hydra takes them: size=small"
    )
    params.set_defaults(run=_params)
    history = verbs.add_parser(
        "history", help="write all kept verdicts into the monitoring history again"
    )
    history.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="VERDICT",
        help="these files instead",
    )
    history.set_defaults(run=_history)
    dashboard = verbs.add_parser(
        "dashboard", help="write the history as one page (`make dashboard`)"
    )
    dashboard.set_defaults(run=_dashboard)
    dashboards = verbs.add_parser(
        "dashboards", help="write Grafana's dashboards from their panels (`make dashboards`)"
    )
    dashboards.add_argument("--check", action="store_true", help="only say whether they agree")
    dashboards.set_defaults(run=_dashboards)
    move = verbs.add_parser(
        "move-registry", help="copy every model into the team's registry (`make move-registry`)"
    )
    move.add_argument(
        "--source", metavar="URI", help="MLflow's tracking URI (default: this checkout's own file)"
    )
    move.set_defaults(run=_move_registry)
    compare = verbs.add_parser("compare", help="experiments side by side (`make compare`)")
    compare.set_defaults(run=_compare)

    _add_replay(verbs)
    push = verbs.add_parser("push", help="send data and models to the DVC remote (`make push`)")
    push.add_argument(
        "--check", action="store_true", help="send nothing: only say whether everything is there"
    )
    push.set_defaults(run=_push)
    pull = verbs.add_parser("pull", help="fetch them from the DVC remote (`make pull`)")
    pull.set_defaults(run=_pull)

    for name, about in {
        "env": "write .env: ports, credentials and addresses of the team's services",
        "up": "start S3, PostgreSQL and MLflow on this machine (`make up`)",
        "down": "stop them; their data stays (`make down`)",
        "status": "how they are (`make status`)",
    }.items():
        verbs.add_parser(name, help=f"stack: {about}").set_defaults(run=_stack)
    return parser


def _add_replay(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    replay = verbs.add_parser(
        "replay",
        help="live through a corpus window by window, under each policy of retraining",
        description="Scores, judges and retrains window by window, as the scheduled loop would, in "
        "a scratch folder; an interrupted replay goes on where it stopped.",
        epilog="Your own mail, day by day: python -m stages replay source=files --step 1",
    )
    for option, name, about in (
        ("--from", "start", "first day to score: a first model learns from before (window.until)"),
        ("--to", "end", "the day after the last (the source's end)"),
    ):
        replay.add_argument(option, dest=name, type=_day, metavar="YYYY-MM-DD", help=about)
    replay.add_argument("--step", type=int, default=7, metavar="DAYS", help="of a window (7)")
    replay.add_argument(
        "--policies",
        nargs="+",
        default=["never", "drift", "always"],
        choices=["never", "drift", "always"],
        help="when to retrain (all three)",
    )
    replay.add_argument(
        "--scratch",
        type=Path,
        default=Path("data/replay"),
        metavar="FOLDER",
        help="for everything that it writes (data/replay)",
    )
    replay.add_argument(
        "overrides", nargs="*", metavar="GROUP=OPTION", help="as for params; else params.yaml"
    )
    replay.set_defaults(run=_replay)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day as 2002-08-05 is one") from None


def _stage(parsed: argparse.Namespace) -> None:
    from stages.run.stage import run_stage

    run_stage(parsed.verb, *([parsed.split] if "split" in parsed else []))


def _score(_: argparse.Namespace) -> None:
    from stages.run.score import score

    score()


def _run(_: argparse.Namespace) -> None:
    from stages.run.whole import run

    run()


def _summary(_: argparse.Namespace) -> None:
    from stages.run.summary import print_summary

    print_summary()


def _promote(_: argparse.Namespace) -> None:
    from stages import config
    from stages.registry.promotion import promote

    promote(config.load().registry)


def _move_registry(parsed: argparse.Namespace) -> None:
    from stages import config
    from stages.registry.mlflow.copying import move_registry

    move_registry(config.load(), parsed.source)


def _params(parsed: argparse.Namespace) -> None:
    from stages import config
    from stages.machine.console import say
    from stages.machine.files import write_text

    if parsed.check:
        config.check_composition()
        say("params.yaml is the composition of conf/")
        return
    write_text(config.PARAMS, config.params_text(config.compose(parsed.overrides)))
    say("params.yaml written from conf/")


def _history(parsed: argparse.Namespace) -> None:
    from stages import config
    from stages.machine.console import say
    from stages.stores.publication import rebuild_history

    written = rebuild_history(parsed.files, config.load().stores)
    say(f"history: {written} verdicts written")


def _dashboard(_: argparse.Namespace) -> None:
    from stages import config
    from stages.dashboards.page import PAGE, write_page
    from stages.machine.console import say
    from stages.stores.history import history_url

    windows = write_page(PAGE, history_url(config.load().stores.history))
    say(f"dashboard: {PAGE}, windows shown: {windows}; open it in a browser")


def _dashboards(parsed: argparse.Namespace) -> None:
    from stages.dashboards.grafana import check_dashboards, write_dashboards
    from stages.machine.console import say

    if parsed.check:
        check_dashboards()
        say("stages/dashboards/grafana/ is what the panels say")
        return
    for path in write_dashboards():
        say(f"dashboards: stages/dashboards/grafana/{path.name}")


def _compare(_: argparse.Namespace) -> None:
    from stages.run.experiments import print_experiments

    print_experiments()


def _replay(parsed: argparse.Namespace) -> None:
    from stages.replay.command import run
    from stages.replay.schedule import Policy

    run(
        parsed.overrides,
        start=parsed.start,
        end=parsed.end,
        days=parsed.step,
        policies=[Policy(name) for name in parsed.policies],
        scratch=parsed.scratch,
    )


def _push(parsed: argparse.Namespace) -> None:
    from stages.versioning import transfer

    (transfer.check_pushed if parsed.check else transfer.push)()


def _pull(_: argparse.Namespace) -> None:
    from stages.versioning.transfer import pull

    pull()


def _stack(parsed: argparse.Namespace) -> None:
    from stages.stack import commands

    getattr(commands, parsed.verb)()


def _forget_empty() -> None:
    """Unset what is set to nothing: a workflow names each variable, with a value or without."""
    ours = ("AWS_", "GITHUB_TOKEN", "MLFLOW_", "SPAMLINE_")
    for name in [name for name, value in os.environ.items() if not value and name.startswith(ours)]:
        del os.environ[name]


def pin_environment(module: str) -> None:
    """Start `module` again under `PINNED_ENVIRONMENT`: Python reads its hash seed at its start."""
    if any(os.environ.get(name) != value for name, value in PINNED_ENVIRONMENT.items()):
        os.environ.update(PINNED_ENVIRONMENT)
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    pin_environment("stages")
    sys.exit(main())
