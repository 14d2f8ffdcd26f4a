"""The collection's own marks go; what the sender wrote stays; hostile text costs no more."""

from __future__ import annotations

import time

from stages.model.scoring.scrub import scrub


def test_list_tags_and_reply_marks_leave_the_subject() -> None:
    assert scrub("Re: [ILUG] Re: [SAtalk] free money", "").strip() == "free money"


def test_a_list_footer_goes_and_the_text_above_stays() -> None:
    text = "Buy now\n" + "_" * 40 + "\nIrish Linux Users' Group mailing list\nhttp://list"
    assert scrub("", text).split() == ["Buy", "now"]


def test_a_rule_without_a_footer_stays() -> None:
    text = "first\n" + "-" * 40 + "\nsecond"
    assert "second" in scrub("", text)


def test_addresses_and_redactions_leave_no_name() -> None:
    out = scrub("", "to yyyy@localhost.example.com and jm@netnoteinc.com from localhost")
    assert "netnote" not in out
    assert "localhost" not in out
    assert out.split().count("address") == 2


def test_hostile_text_costs_linear_time() -> None:
    hostile = [
        "[" * 100_000,
        "a" * 100_000,
        "@" * 100_000,
        ("-" * 20 + "\n") * 5_000,
        "re:" * 40_000,
    ]
    start = time.process_time()
    for text in hostile:
        scrub(text, text)
    # A quadratic pattern takes minutes on these.
    assert time.process_time() - start < 10
