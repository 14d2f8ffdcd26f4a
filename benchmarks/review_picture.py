"""Writes docs/review.png: a review as a forge shows it, in a real browser.

    python -m benchmarks.review_picture [data/review/review.md]

The Markdown is rendered as CommonMark with tables, raw HTML as text, which is stricter than GitHub;
the style is plain. `make retrain` and `make review` write the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

from markdown_it import MarkdownIt

from benchmarks.browser import opened
from benchmarks.pictures import take
from stages.machine.edge import guarded
from stages.machine.errors import DataError, UserError
from stages.records.layout import HERE

PICTURE = Path("docs/review.png")
# Down to the evidence for drift; the rest is more of the same.
_SIZE = {"width": 1000, "height": 1900}
_STYLE = """
body { font: 15px/1.5 sans-serif; color: #1f2328; max-width: 940px; margin: 24px auto; }
table { border-collapse: collapse; margin: 12px 0; font-size: 14px; }
th, td { border: 1px solid #d0d7de; padding: 4px 10px; text-align: left; }
code { background: #eff1f3; padding: 1px 4px; border-radius: 4px; font-size: 13px; }
h2 { border-bottom: 1px solid #d0d7de; padding-bottom: 4px; }
img { max-width: 100%; }
"""


def html(markdown: str) -> str:
    """Return the page for a browser."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{body}"


def main() -> int:
    """Write the picture; return the exit status."""
    page = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.review / "review.md"
    try:
        draw(page)
    except UserError as error:
        print(f"review_picture: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def draw(page: Path) -> None:
    """Write the picture of the Markdown file `page`, its own pictures beside it."""
    if not page.exists():
        raise DataError(f"there is no {page}", expected="a review", fix="`make review`")
    rendered = page.with_suffix(".html")
    try:
        rendered.write_text(html(page.read_text(encoding="utf-8")), encoding="utf-8")
        with opened(viewport=_SIZE, color_scheme="light") as browser:
            tab = browser.new_page()
            tab.goto(rendered.resolve().as_uri())
            take(tab, PICTURE)
    finally:
        rendered.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.review_picture", main))
