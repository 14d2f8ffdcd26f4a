"""The monitoring history and the pages that show it."""

from __future__ import annotations

from pathlib import Path

import click

from stages.cli.parameters import check
from stages.cli.verb import verb


@verb(
    details="Reads every kept verdict file, or only the given ones. A history that was lost or is "
    "of an older version is whole again afterwards.",
    examples=("make history", "python -m stages history data/monitor/drift.json"),
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[VERDICT]...")
def history(files: tuple[Path, ...]) -> None:
    """Write all kept verdicts into the monitoring history again."""
    from stages import config
    from stages.machine.console import say
    from stages.stores.publication import rebuild_history

    written = rebuild_history(list(files), config.load().stores)
    say(f"history: {written} verdicts written")


@verb(examples=("make dashboard",))
def dashboard() -> None:
    """Write the monitoring history as one page."""
    from stages import config
    from stages.dashboards.page import write_page
    from stages.machine.console import say
    from stages.records.layout import HERE
    from stages.stores.history import history_url

    windows = write_page(HERE.dashboard, history_url(config.load().stores.history))
    say(f"dashboard: {HERE.dashboard}, windows shown: {windows}; open it in a browser")


@verb(examples=("make dashboards", "python -m stages dashboards --check"))
@check
def dashboards(check: bool) -> None:
    """Write Grafana's dashboards from their panels."""
    from stages.dashboards.grafana import check_dashboards, write_dashboards
    from stages.machine.console import say

    if check:
        check_dashboards()
        say("stages/dashboards/grafana/ is what the panels say")
        return
    for path in write_dashboards():
        say(f"dashboards: stages/dashboards/grafana/{path.name}")
