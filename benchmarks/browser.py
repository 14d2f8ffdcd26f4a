"""A real headless browser: the machine's Chromium, on a profile of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stages.machine.errors import DataError

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# It contacts no server on its own.
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


def program() -> str:
    """Return the path of the machine's browser.

    Raises:
        DataError: there is none.
    """
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise DataError(
            "there is no browser on the PATH",
            expected=f"one of {', '.join(_NAMES)}",
            fix="install it (Debian: apt-get install chromium)",
        )
    return found


@contextmanager
def opened(**options: Any) -> Iterator[BrowserContext]:
    """Yield a browser; `options` are Playwright's: `viewport`, `color_scheme`.

    Raises:
        DataError: there is none.
    """
    from playwright.sync_api import sync_playwright

    found = program()
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=found, args=_FLAGS.split(), **options
        )
        try:
            yield context
        finally:
            context.close()
