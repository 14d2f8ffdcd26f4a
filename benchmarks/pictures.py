"""Writes docs/dashboard.png and docs/mlflow.png: pages of a running stack, in a real browser.

    python -m benchmarks.pictures        (`make pictures`)

The history is the one at `SPAMLINE_HISTORY_URL`, the registry the server at `MLFLOW_TRACKING_URI`
(`make up`); both are shown as they are.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.browser import opened
from stages import config
from stages.dashboards.page import write_page
from stages.machine.edge import guarded
from stages.machine.environment import load_environment
from stages.machine.errors import DataError, RegistryError, UserError
from stages.machine.files import replacing
from stages.records.layout import HERE
from stages.registry.mlflow.location import Location, locate
from stages.stores.history import history_url

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

DASHBOARD, MLFLOW = Path("docs/dashboard.png"), Path("docs/mlflow.png")
# Down to the statistics against their thresholds; the rest is more of the same.
_DASHBOARD_SIZE = {"width": 1280, "height": 1900}
_MLFLOW_SIZE = {"width": 1440, "height": 620}
# Milliseconds: a server's first page after its start takes a while.
_PATIENCE = 60_000
_SETTLING = 1_500


def main() -> int:
    """Write both pictures; return the exit status."""
    try:
        load_environment()
        params = config.load()
        with opened(viewport=_MLFLOW_SIZE, color_scheme="light") as browser:
            draw_dashboard(browser, history_url(params.stores.history))
            draw_registry(browser, locate(params.stores.registry), params.registry.name)
    except UserError as error:
        print(f"pictures: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def draw_dashboard(browser: BrowserContext, history: str) -> None:
    """Write the picture of the page of the history at `history`."""
    if write_page(HERE.dashboard, history) == 0:
        raise DataError(
            "the monitoring history is empty",
            expected="at least one verdict",
            fix="make run, or make history",
        )
    page = browser.new_page()
    page.set_viewport_size(_DASHBOARD_SIZE)  # type: ignore[arg-type]
    page.goto(HERE.dashboard.resolve().as_uri())
    page.wait_for_function("document.documentElement.dataset.drawn")
    take(page, DASHBOARD)


def draw_registry(browser: BrowserContext, server: Location, name: str) -> None:
    """Write the picture of the page of the registered model `name` of the MLflow server."""
    from playwright.sync_api import Error

    if not server.uri.startswith("http"):
        raise RegistryError(
            "MLFLOW_TRACKING_URI does not name a server",
            expected="http://…, with the registered model in it",
            fix="make up && make run, then make pictures",
        )
    page = browser.new_page()
    try:
        page.goto(f"{server.uri.rstrip('/')}/#/models/{name}", timeout=_PATIENCE)
        # Its table comes with later requests than the page.
        page.get_by_text(re.compile(r"^Version \d+$")).first.wait_for(timeout=_PATIENCE)
        # Its assistant, which opens by itself, takes a quarter of the picture.
        for button in page.get_by_role("button", name="Close").all():
            button.click()
        # The server is asked again and again, so that it is never idle: this is for the fonts.
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(_SETTLING)
    except Error as error:
        raise RegistryError(
            f"{server.shown} does not draw the page of {name} ({type(error).__name__})",
            expected="an MLflow server with that registered model",
            fix="make up && make run, then make pictures",
        ) from error
    take(page, MLFLOW)


def take(page: Page, path: Path) -> None:
    """Write a picture of `page` to `path`, and close it."""
    with replacing(path) as temporary:
        temporary.write_bytes(page.screenshot(type="png", animations="disabled"))
    print(f"pictures: {path}")
    page.close()


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.pictures", main))
