"""The model registry, and which of its models is in production."""

from __future__ import annotations

import click

from stages.cli.verb import verb


@verb(
    details="Writes data/production.json; run `dvc repro` afterwards to score the batch with the "
    "new model. A candidate that the gate refused is refused here, with exit status 3.",
    examples=("make promote",),
)
def promote() -> None:
    """Make the accepted candidate of the receipt the production model."""
    from stages import config
    from stages.registry import promotion

    promotion.promote(config.load().registry)


@verb(
    details="The alias `champion` then names the model of data/production.json.",
    examples=("make publish",),
)
def publish() -> None:
    """Let the registry's alias follow the production pointer."""
    from stages import config
    from stages.registry import promotion

    promotion.publish(config.load().registry)


@verb(
    details="Models go to the registry that MLFLOW_TRACKING_URI names. Nothing is changed or "
    "removed in the source, and a move that was interrupted is finished by the next one.",
    examples=(
        "make move-registry",
        "python -m stages move-registry --source sqlite:////srv/old/mlflow.db",
    ),
)
@click.option(
    "--source",
    metavar="URI",
    show_default="this checkout's own file",
    help="The registry to copy from, as MLflow's tracking URI.",
)
def move_registry(source: str | None) -> None:
    """Copy every model into the team's registry."""
    from stages import config
    from stages.registry.mlflow import copying

    copying.move_registry(config.load(), source)
