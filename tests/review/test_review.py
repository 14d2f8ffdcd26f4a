"""The page that people read: the verdict first, and strangers' text only ever as text."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from stages.machine.errors import DataError
from stages.records.decision import Cause, Decision
from stages.records.layout import Layout
from stages.records.verdict import Carrier
from stages.review.excerpts import Excerpt, excerpts_of
from stages.review.facts import changed, parameters
from stages.review.literal import literal, plain
from stages.review.page import MOST_CHARACTERS, page, title
from stages.review.pictures import draw_drift, draw_quality, draw_scores
from tests.review.review_samples import OLD, facts, refused, verdict

STORES = ("registry", "predictions", "history", "verdicts")
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://tracker.example/pixel.png)",
    "[click](javascript:alert(1))",
    "| a | b |\n|---|---|\n| c | d |",
    "\\| a \\\\| b",
    "`` ` ``` `code` ``",
    "# Accepted: merge at once",
    "---\n\n## The gate",
    "@everyone #1 https://phish.example/",
    "-->\n<!-- spamline review -->",
    "</code></td></tr></table>",
    "&lt;b&gt; &#60;script&#62;",
    "a\u202egnp.exe\u2066\u200b\x00\x1b[31m",
    "Z" + "\u0300" * 500,
    "::set-output name=x::y $(touch /tmp/pwned) `id` ${{ secrets.X }}",
    "[" * 5000,
    "",
]


class Seen(HTMLParser):
    """What a browser makes of a page: its elements, and the text of each code span and cell."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.codes: list[str] = []
        self._in_code = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.append(tag)
        if tag == "code":
            self._in_code = True
            self.codes.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_code = self._in_code and tag != "code"

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.codes[-1] += data


def seen(markdown: str) -> Seen:
    parser = Seen()
    parser.feed(MarkdownIt("commonmark").enable("table").render(markdown))
    return parser


def row(text: str) -> str:
    return f"| subject | called |\n| --- | --- |\n| {literal(text)} | spam |\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_subject_is_a_row_of_text(text: str) -> None:
    there = seen(row(text))
    rows, cells, codes = (there.elements.count(tag) for tag in ("tr", "td", "code"))
    assert (rows, cells, codes) == (2, 2, 1 if text.strip() else 0)
    assert set(there.elements) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}


@given(st.text(max_size=300))
def test_whatever_a_subject_is_it_is_one_short_code_span(text: str) -> None:
    there = seen(row(text))
    assert there.elements.count("td") == 2
    assert set(there.elements) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert len(literal(text)) <= 103
    assert "\n" not in literal(text)


def test_what_a_script_says_is_still_readable() -> None:
    (code,) = seen(row("<script>alert(1)</script>")).codes
    assert code == "<script>alert(1)</script>"


def test_signs_that_nobody_sees_are_gone_and_towers_fall() -> None:
    assert literal("a\u202eb\u200bc\x00d\x1b[0m") == "`abcd[0m`"
    assert literal("Z" + "\u0300" * 500) == "`Z`"
    assert literal("Gru\u0308ße, 你好") == "`Gru\u0308ße, 你好`"


def test_our_own_sentences_are_no_markup_either() -> None:
    there = seen(plain("<b>x</b> **[a](http://b)** ![i](c) @all `d` (1-AUC)% is 0.4 [0.3, 0.5]"))
    assert there.elements == ["p"]


def test_the_first_line_is_the_verdict() -> None:
    text = page(facts(), {})
    assert text.split("\n")[0] == (
        "**Accepted: merging puts model bbbbbbbbbbbb into production, "
        "instead of model aaaaaaaaaaaa.** (1-AUC)% 0.70 → 0.40."
    )
    assert title(facts(), "mail until 2002-09-02").endswith("accepted, (1-AUC)% 0.70 → 0.40")


def test_a_refusal_says_that_production_stays_and_why() -> None:
    first, _, second, *_ = page(refused(), {}).split("\n")
    assert first.startswith("**Refused: production stays model aaaaaaaaaaaa")
    assert "whatever is merged" in second
    assert r"at most 2 is allowed" in page(refused(), {})


def test_a_pointer_that_names_another_model_than_the_one_judged_is_said() -> None:
    other = facts(pointer=facts().pointer.__class__("spamline", "9" * 64, OLD))
    assert "(which is not the challenger judged here)" in page(other, {}).split("\n")[0]


def test_the_page_has_what_a_person_decides_by() -> None:
    text = page(facts(), {"quality.png": "https://forge.example/raw/x/quality.png"})
    for words in (
        "200 ham and 50 spam",
        "| champion | challenger | difference |",
        "-0.3000 [-0.4000, -0.2000]",
        "## The window 2002-08-26 to 2002-09-02: drift",
        "`Cheap watches`",
        "| `window.until` | `2002-08-26` | `2002-09-02` |",
        "before `ffffffffffff`",
        "the same",
        "(https://forge.example/raw/x/quality.png)",
        "make trust",
        "Revert the merge commit",
    ):
        assert words in text, words
    # Counts of a split that is not the receipt's would be of other mail.
    assert "| holdout |  |  |  |  |" in text


@pytest.mark.parametrize(
    ("cause", "words"),
    [(None, None), *((cause, cause.words) for cause in Cause)],
)
def test_the_cause_is_named_where_the_verdict_knows_it(cause: Cause | None, words: str) -> None:
    text = page(facts(verdict=verdict(cause=cause)), {})
    assert (f"What has changed: **{words}**" in text) == (words is not None)


def test_a_verdict_without_statistics_has_a_page_too() -> None:
    assert "not enough mail" in page(
        facts(verdict=verdict(decision=Decision.NOT_ENOUGH_MAIL, statistics={})), {}
    )


def test_a_page_never_outgrows_the_forge() -> None:
    params = {f"key{number}": ("x" * 5000, "y" * 5000) for number in range(2000)}
    excerpts = [Excerpt("s" * 10**6, "t" * 10**6, 0.1, None)] * 10
    text = page(facts(params=params, excerpts=excerpts), {})
    assert len(text) < MOST_CHARACTERS
    assert "and 1960 more" in text
    cut = page(facts(verdict=verdict(reasons=("r" * 290,) * 400)), {})
    assert len(cut) <= MOST_CHARACTERS
    assert "`make review` writes the whole page" in cut


def test_carriers_are_found_wherever_their_mail_stands_now(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    (tmp_path / "data/fetch").mkdir(parents=True)
    for split, name in (("batch", "one"), ("holdout", "two")):
        rows = {"id": [name], "subject": [f"of {name}"], "text": ["x" * 1000]}
        pq.write_table(pa.table(rows), tmp_path / f"data/fetch/{split}.parquet")
    named = [
        Carrier("two", 0.5, called_spam=False),
        Carrier("lost", 0.4, called_spam=True),
        Carrier("one", 0.3, called_spam=True),
    ]
    found = excerpts_of(named, layout)
    assert [(c.subject, c.weight, c.called_spam) for c in found] == [
        ("of two", 0.5, False),
        ("of one", 0.3, True),
    ]
    assert excerpts_of([], layout) == []


def test_pictures_have_the_same_bytes_from_the_same_numbers(tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    table.write_text("probability,ham,spam\n0.1,0.9,0.1\n0.9,0.1,0.9\n")
    report = facts().report
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        draw_quality(folder / "quality", report)
        draw_quality(folder / "first", dataclasses.replace(report, champion=None))
        draw_scores(folder / "scores", table)
        draw_drift(folder / "drift", verdict())
        made.append([path.read_bytes() for path in sorted(folder.iterdir())])
    assert made[0] == made[1]
    assert all(re.match(rb"\x89PNG", picture) for picture in made[0])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((f"stores.{store}", "postgresql+psycopg://me:Zq7xK9vW@db/x") for store in STORES),
        ("stores.history", "Zq7xK9vW"),
        ("stores.history", ["postgresql:Zq7xK9vW"]),
        # Of earlier code, which had them elsewhere.
        ("drift.history_url", "Zq7xK9vW"),
        ("database", {"password": "Zq7xK9vW"}),
        ("registry.tracking_uri", "http://db/Zq7xK9vW"),
        ("source.paths", ["s3://KEY:Zq7xK9vW@bucket/x", "mail/x"]),
        ("source.name", "https://hub/Zq7xK9vW"),
        ("encoder.hub", "me:Zq7 K9vW@hub"),
        ("source.columns.text", "me:Zq7xK9vW@hub"),
        ("postgresql://me:Zq7xK9vW@db/x", 1),
    ],
)
def test_of_an_address_the_page_says_that_it_has_changed(key: str, value: object) -> None:
    tree: object = value
    for part in reversed([key] if "//" in key else key.split(".")):
        tree = {part: tree}
    old, new = (parameters(yaml.safe_dump(found).encode()) for found in (tree, {"seed": 1}))
    for one, other in ((old, new), (new, old), (old, {**new, key: "http://other/Zq7xK9vW"})):
        text = page(facts(params=changed(one, other)), {})
        assert "Zq7x" not in text
        assert "K9vW" not in text
        assert "| changed |" in text or "//" in key
        assert "| `seed` |" in text


def test_what_is_not_an_address_is_on_the_page() -> None:
    one = {"source.paths": ["mail/x.csv"], "source.name": "a/b", "gate.old": 0.5, "seed": 1}
    found = changed(one, {**one, "source.name": "c/d", "gate.old": 0.7})
    assert found == {"source.name": ("a/b", "c/d"), "gate.old": (0.5, 0.7)}


@pytest.mark.parametrize("text", [b"a: [", b"- 1", b"\xff", b"a: 2002-99-99", b"a: &a [*a]", None])
def test_an_old_file_that_cannot_be_read_has_no_parameters(text: bytes | None) -> None:
    parameters(text)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\0", b"x,y\n1,2\n", b"probability,ham,spam\na,b,c\n", b'"' * 9]
)
def test_a_damaged_table_of_scores_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "scores.csv").write_bytes(content)
    with pytest.raises(
        DataError, match=r"scores\.csv cannot be read.*dvc repro evaluate"
    ) as caught:
        draw_scores(tmp_path / "scores.png", tmp_path / "scores.csv")
    assert "\n" not in str(caught.value)
