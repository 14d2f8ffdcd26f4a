"""The page of the history: what it says, and what a real browser makes of it."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from benchmarks.browser import opened, program
from stages.dashboards.page import write_page
from stages.dashboards.panels import PANELS, Kind
from stages.drift.statistics import STATISTICS
from stages.machine.errors import DataError
from stages.records.verdict import Verdict
from stages.stores.history import TABLE, record
from tests.dashboards.weeks import weeks

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

PLOTS = [panel for panel in PANELS if panel.kind is not Kind.TABLE]
HOSTILE = "</script><img src=http://127.0.0.1:9/x onerror='document.title=\"stolen\"'><b>bold</b>"


def write(folder: Path, verdicts: list[Verdict]) -> Path:
    url = f"sqlite:///{folder / 'history.db'}"
    if verdicts:
        record(url, verdicts)
    page = folder / "dashboard.html"
    assert write_page(page, url) == len(verdicts)
    return page


def visible(page: Path) -> str:
    """What a person reads: the body without scripts and tags, entities resolved."""
    body = page.read_text().partition("<body>")[2]
    without_scripts = re.sub(r"<script.*?</script>", "", body, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", without_scripts))


def test_without_a_verdict_it_says_what_to_do_and_makes_no_database(tmp_path: Path) -> None:
    text = visible(write(tmp_path, []))
    assert "No verdict yet" in text
    assert "make run" in text
    assert not (tmp_path / "history.db").exists()


@pytest.mark.parametrize(
    ("count", "headline", "sentence"),
    [
        (1, "No drift", "1 window so far: 1 no drift; the model never changed."),
        (4, "The mail has changed, but not in a way that matters", "3 changed, 1 no drift"),
        (8, "Drift: the mail has changed in a way that matters", "1 drift, 5 changed, 2 no drift"),
        (11, "Not enough mail for a verdict", "1 not enough mail; the model changed once."),
    ],
)
def test_the_newest_verdict_comes_first_in_words(
    tmp_path: Path, count: int, headline: str, sentence: str
) -> None:
    text = " ".join(visible(write(tmp_path, weeks(count))).split())
    assert headline in text
    assert sentence in text
    assert text.index(headline) < text.index("Verdict on each window")
    assert weeks(count)[-1].reasons[0] in text
    assert f"Newest window: {weeks(count)[-1].window.start}" in text


def test_rows_of_earlier_code_are_shown_with_what_they_have(tmp_path: Path) -> None:
    from tests.stores.history_samples import VERDICT

    text = visible(write(tmp_path, [VERDICT]))
    assert "Drift: the mail has changed" in text
    assert f"3 of {len(STATISTICS)}" in text
    assert " None " not in text


def test_it_is_written_whole_again_over_an_older_one(tmp_path: Path) -> None:
    first = write(tmp_path, weeks(2)).read_bytes()
    assert write(tmp_path, weeks(2)).read_bytes() == first
    assert write(tmp_path, weeks(3)).read_bytes() != first


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    try:
        program()
    except DataError as error:
        pytest.skip(str(error))
    with opened(viewport={"width": 1280, "height": 900}) as context:
        yield context


@pytest.fixture
def look(browser: BrowserContext) -> Iterator[Any]:
    """Open a page, wait until it is drawn, and collect what it asked for and complained about."""
    page = browser.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def run(path: Path) -> Page:
        page.goto(path.as_uri())
        if 'class="plot"' in path.read_text():
            page.wait_for_function("document.documentElement.dataset.drawn")
        return page

    yield run
    assert complaints == []
    assert [url for url in asked if not url.startswith("file://")] == []
    page.close()


def marks(page: Page, key: str) -> int:
    """How many points and bars are really drawn in a plot."""
    plot = page.locator(f".plot[aria-labelledby='{key}']")
    return plot.locator("svg .scatterlayer .points path, svg .barlayer .point path").count()


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1, 13, 400])
def test_every_plot_is_drawn(tmp_path: Path, look: Any, count: int) -> None:
    verdicts = weeks(count)
    page = look(write(tmp_path, verdicts))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".scored tbody tr").count() == count
    if not count:
        assert page.locator("svg").count() == 0
        return
    known = [
        panel for panel in PLOTS if count > 1 or panel.key not in ("log-loss", "loss", "caught")
    ]
    for panel in known:
        plot = page.locator(f".plot[aria-labelledby='{panel.key}']")
        assert plot.locator("svg.main-svg").count() > 0
        assert plot.locator("svg .xaxislayer-above text").count() > 0
    # Marks are drawn in the range that is shown; of years, the last one.
    if count == 400:
        page.get_by_role("button", name="all 400").click()
        page.wait_for_function(
            "document.querySelectorAll(\".plot[aria-labelledby='decisions'] .points path\")"
            ".length === 400"
        )
    assert marks(page, "decisions") == count
    assert marks(page, "models") == count
    if count == 13:
        enough = sum(bool(verdict.statistics) for verdict in verdicts)
        assert marks(page, "ratios") == len(STATISTICS) * enough
        assert marks(page, "mmd") == enough
        assert marks(page, "volume") == 2 * count
        assert marks(page, "loss") == 3 * sum(bool(verdict.quality) for verdict in verdicts)


@pytest.mark.slow
def test_zooming_one_plot_zooms_all(tmp_path: Path, look: Any) -> None:
    page = look(write(tmp_path, weeks(60)))
    shown = "[...document.querySelectorAll('.plot')].map((p) => p.layout.xaxis.range.join())"
    assert page.get_by_role("button", name="last 52").get_attribute("aria-pressed") == "true"
    assert len(set(page.evaluate(shown))) == 1
    page.evaluate(
        "Plotly.relayout(document.querySelectorAll('.plot')[3],"
        " {'xaxis.range[0]': '2003-01-01', 'xaxis.range[1]': '2003-03-01'})"
    )
    page.wait_for_function(f"new Set({shown}).size === 1")
    assert set(page.evaluate(shown)) == {"2003-01-01,2003-03-01"}


def hostile_page(folder: Path) -> Path:
    """Write a page whose newest row somebody else wrote into the database."""
    write(folder, weeks(3))
    with sqlite3.connect(folder / "history.db") as connection:
        connection.execute(
            f"UPDATE {TABLE} SET decision = :x, model = :x, reason = :x, details = :x "
            f"WHERE window_to = (SELECT MAX(window_to) FROM {TABLE})",
            {"x": HOSTILE},
        )
    write_page(folder / "dashboard.html", f"sqlite:///{folder / 'history.db'}")
    return folder / "dashboard.html"


def test_no_hostile_value_is_markup(tmp_path: Path) -> None:
    text = hostile_page(tmp_path).read_text()
    assert "<img" not in text.partition("<body>")[2].partition("<script>")[0]
    assert "<b>bold" not in text
    assert "&lt;/script&gt;&lt;img src=http" in text


@pytest.mark.slow
def test_hostile_values_are_text(tmp_path: Path, look: Any) -> None:
    page = look(hostile_page(tmp_path))
    assert page.title() == "Spamline: drift of the mail"
    assert page.locator("img").count() == 0
    assert HOSTILE in page.locator("h2#newest").inner_text()
    axis = page.locator(".plot[aria-labelledby='decisions'] .yaxislayer-above").inner_html()
    assert "&lt;b&gt;bold" in axis
    assert "<b>" not in axis
    assert "font-weight: bold" not in axis


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_scheme_and_fits_a_telephone(
    tmp_path: Path, look: Any, scheme: Literal["light", "dark"]
) -> None:
    page = look(write(tmp_path, weeks(13)))
    page.set_viewport_size({"width": 400, "height": 800})
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    page.emulate_media(color_scheme=scheme)
    # The plots are drawn anew for the width, in as long as a busy machine takes.
    for _ in range(200):
        page.wait_for_timeout(300)
        if page.evaluate("document.documentElement.scrollWidth") == 400:
            break
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    ink = page.evaluate("getComputedStyle(document.querySelector('.xtick text')).fill")
    bright, dark = (sum(map(int, re.findall(r"\d+", colour)[:3])) > 380 for colour in (back, ink))
    assert (bright, dark) == ((True, False) if scheme == "light" else (False, True))
