"""The page that people read: by the real Evidently, offline, with everything escaped."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from stages.dashboards.drift_report import shared_columns, verdict_panel, write_report
from stages.drift.carriers import carriers
from stages.drift.inputs import Reference
from stages.drift.verdict import explained, not_enough_mail, verdict_on
from stages.drift.window import ScoredWindow
from stages.records.decision import Cause
from stages.records.verdict import Verdict
from tests.drift.drift_samples import (
    ENCODER,
    comparison,
    drift,
    explanation,
    quality,
    sample,
    scores,
    subject,
)


@pytest.fixture
def sides() -> tuple[Reference, ScoredWindow]:
    rng = np.random.default_rng(0)
    past, now = sample(rng, 300, [0, 1]), sample(rng, 90, [0, 2])
    # A constant column must not stop the report.
    descriptors = {"links": np.zeros(300), "spam_probability": rng.random(300)}
    window = ScoredWindow(
        sample=now,
        encoder=ENCODER,
        labels=np.full(90, None, dtype=object),
        probability=rng.random(90),
        called_spam=np.zeros(90, dtype=bool),
        distinct=np.ones(90, dtype=bool),
        descriptors={"links": np.zeros(90), "digits": np.zeros(90)},
        beginnings=dict.fromkeys(now.ids, ("<b>win</b>", "# [x](y) <img src=a>")),
    )
    return Reference(past, ENCODER, descriptors), window


@pytest.fixture
def verdict() -> Verdict:
    return verdict_on(subject(), comparison(3), quality(3.0), scores(), drift())


# Evidently takes seconds to load.
@pytest.mark.slow
def test_the_page_holds_the_verdict_and_loads_nothing(
    tmp_path: Path, verdict: Verdict, sides: tuple[Reference, ScoredWindow]
) -> None:
    state = np.random.get_state(legacy=False)["state"]["key"].copy()
    write_report(tmp_path / "report.html", verdict, *sides)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "drift: 2002-09-02 to 2002-09-09" in page
    assert "embedding_1" in page
    assert "spam_probability" in page
    assert not re.findall(r"<(?:script|img|iframe)[^>]*\ssrc=", page)
    assert not re.findall(r"<link[^>]*href=", page)
    assert not re.findall(r"@import url|url\(['\"]?https?:", page)
    assert np.array_equal(state, np.random.get_state(legacy=False)["state"]["key"])


def test_only_columns_of_both_sides_are_shown(sides: tuple[Reference, ScoredWindow]) -> None:
    past, now = shared_columns(*sides)
    assert list(past) == list(now)
    assert "digits" not in now
    assert {"links", "spam_probability", "embedding_5"} <= now.keys()


def test_what_is_written_into_the_page_is_escaped(verdict: Verdict) -> None:
    hostile = dataclasses.replace(verdict, reasons=("<script>alert(1)</script> & more",))
    panel = verdict_panel(hostile, {})
    assert "<script" not in panel
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in panel


# Evidently takes seconds to load.
@pytest.mark.slow
def test_the_messages_that_carry_the_change_are_shown_as_text(
    tmp_path: Path, verdict: Verdict, sides: tuple[Reference, ScoredWindow]
) -> None:
    reference, window = sides
    found = carriers(reference.sample, window.sample, window.called_spam)
    whole = explained(verdict, explanation(Cause.CONTENT), found)
    write_report(tmp_path / "report.html", whole, *sides)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert found[0].id[:12] in page
    assert "New content explains the change" in page
    assert "&lt;b&gt;win&lt;/b&gt;" in page
    assert "<img src=a>" not in page


def test_too_little_mail_still_gets_a_page(
    tmp_path: Path, sides: tuple[Reference, ScoredWindow]
) -> None:
    refusal = not_enough_mail(subject(messages=1), None, drift())
    assert refusal is not None
    write_report(tmp_path / "report.html", refusal, *sides)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "not enough mail" in page
    assert "The window holds 1 distinct messages" in page
