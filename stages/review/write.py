"""The review as files: `data/review/review.md` and its pictures beside it."""

from __future__ import annotations

from pathlib import Path

from stages.machine.files import replacing, write_text
from stages.records.layout import HERE, Layout
from stages.review.facts import Facts
from stages.review.page import PICTURES, page
from stages.review.pictures import draw_drift, draw_quality, draw_scores


def write_review(facts: Facts, layout: Layout = HERE) -> Path:
    """Write the page and its pictures; the same facts give the same bytes. Return the page."""
    scores = layout.plots / "scores.csv"
    with replacing(layout.review) as folder:
        folder.mkdir()
        draw_quality(folder / "quality.png", facts.report)
        if scores.exists():
            draw_scores(folder / "scores.png", scores)
        if facts.verdict and facts.verdict.statistics:
            draw_drift(folder / "drift.png", facts.verdict)
        write_text(folder / "review.md", page(facts, {name: name for name in drawn(folder)}))
    return layout.review / "review.md"


def drawn(folder: Path) -> list[str]:
    """Return the names of the pictures that there are, in their order on the page."""
    return [name for name in PICTURES if (folder / name).exists()]
