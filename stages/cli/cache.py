"""What this machine keeps between runs and checkouts."""

from __future__ import annotations

import click

from stages.cli.verb import verb


@verb(
    details="Embeddings, downloads and drift profiles, in the folder that SPAMLINE_CACHE names.\n\n"
    "With --clear they go, but for a download that a stage is reading, and the next run makes "
    "again what it needs. Stages that are running go on.",
    examples=("make cache", "python -m stages cache --clear"),
)
@click.option("--clear", is_flag=True, show_default=False, help="Remove what can be made again.")
def cache(clear: bool) -> None:
    """Print what this machine keeps between runs, or remove it."""
    from stages.run import cache

    if clear:
        cache.clear_cache()
    else:
        cache.print_cache()
