"""The team's services on this machine: S3, PostgreSQL and MLflow."""

from __future__ import annotations

from stages.cli.verb import verb


@verb(
    details="Ports, generated credentials and the addresses that follow from them; what the file "
    "already sets stays as it is.",
    examples=("make env",),
)
def env() -> None:
    """Write .env: ports, credentials and addresses of the services."""
    from stages.stack import commands

    commands.env()


@verb(examples=("make up",))
def up() -> None:
    """Start S3, PostgreSQL and MLflow."""
    from stages.stack import commands

    commands.up()


@verb(examples=("make down",))
def down() -> None:
    """Stop them; their data stays."""
    from stages.stack import commands

    commands.down()


@verb(details="Fails, with exit status 2, unless every service answers.", examples=("make status",))
def status() -> None:
    """Print whether each service runs, its address and its memory."""
    from stages.stack import commands

    commands.status()
