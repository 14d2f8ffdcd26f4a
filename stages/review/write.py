"""The review as files: `data/review/review.md` and its pictures beside it."""

from __future__ import annotations

from pathlib import Path

from stages.machine.files import replacing, write_text
from stages.review.facts import Facts
from stages.review.page import PICTURES, page
from stages.review.pictures import draw_drift, draw_quality, draw_scores

FOLDER = Path("data/review")
_SCORES = Path("data/evaluate/plots/scores.csv")


def write_review(facts: Facts) -> Path:
    """Write the page and its pictures; the same facts give the same bytes. Return the page."""
    with replacing(FOLDER) as folder:
        folder.mkdir()
        draw_quality(folder / "quality.png", facts.metrics)
        if _SCORES.exists():
            draw_scores(folder / "scores.png", _SCORES)
        if facts.verdict and facts.verdict.statistics:
            draw_drift(folder / "drift.png", facts.verdict)
        write_text(folder / "review.md", page(facts, {name: name for name in drawn(folder)}))
    return FOLDER / "review.md"


def drawn(folder: Path = FOLDER) -> list[str]:
    """Return the names of the pictures that there are, in their order on the page."""
    return [name for name in PICTURES if (folder / name).exists()]
