"""The verbs of `python -m stages`: which file each is in, in the order of `--help`.

To add one: write the command into its noun's file, add its name here, then `make readme`.
"""

from __future__ import annotations

from stages.cli.group import LazyGroup, Noun

PROGRAM = "python -m stages"
# Columns of the help, at most.
WIDTH = 100

NOUNS = (
    Noun(
        "stages.cli.stages",
        "The stages, as `dvc repro` runs them",
        ("fetch", "embed", "train", "evaluate", "register", "infer", "monitor"),
    ),
    Noun("stages.cli.run", "The whole pipeline", ("run", "score", "summary", "compare")),
    Noun("stages.cli.params", "Configuration", ("params",)),
    Noun("stages.cli.cache", "This machine's cache", ("cache",)),
    Noun("stages.cli.registry", "The model registry", ("promote", "publish", "move-registry")),
    Noun("stages.cli.history", "The monitoring history", ("history", "dashboard", "dashboards")),
    Noun(
        "stages.cli.loop",
        "The loop: judge, propose, review",
        ("window", "retrain", "review", "trust", "notice"),
    ),
    Noun("stages.cli.replay", "Backtest", ("replay",)),
    Noun("stages.cli.remote", "The DVC remote", ("push", "pull")),
    Noun(
        "stages.cli.stack", "The team's services on this machine", ("env", "up", "down", "status")
    ),
)

cli = LazyGroup(
    nouns=NOUNS,
    help="Keeps a spam filter honest: data -> model -> verdict -> reviewed retraining.",
    epilog="Everyday use is `make run`, `dvc repro` and `dvc exp run -S group=option`. A command "
    "exits with 0 when it is done, 2 for a mistake or a missing service, 3 when a gate said no, "
    "and 1, with a traceback, for a bug.",
    subcommand_metavar="VERB ...",
    options_metavar="[--help]",
    context_settings={"max_content_width": WIDTH, "show_default": True},
)
