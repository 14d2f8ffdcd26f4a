"""The whole pipeline, and what came out of it."""

from __future__ import annotations

from stages.cli.verb import verb


@verb(
    details="Reproduces every stage under DVC, gives a first accepted model to production, then "
    "prints the summary.",
    examples=("make run",),
)
def run() -> None:
    """Run the whole pipeline, then print a summary."""
    from stages.run import whole

    whole.run()


@verb(
    details="The scheduled job, and the default of the container image. It needs neither DVC nor "
    "git.",
    examples=("python -m stages score",),
)
def score() -> None:
    """Fetch, embed, infer and monitor the batch, without DVC."""
    from stages.run import score

    score.score()


@verb(examples=("make summary",))
def summary() -> None:
    """Print what the last run found."""
    from stages.run.summary import print_summary

    print_summary()


@verb(examples=("make compare",))
def compare() -> None:
    """Print DVC's experiments side by side."""
    from stages.run.experiments import print_experiments

    print_experiments()
