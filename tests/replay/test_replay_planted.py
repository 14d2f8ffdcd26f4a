"""The planted streams of the benchmark: what changes does so from its day on, and nothing else."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from benchmarks.planted import Mail, Plant, obfuscated, planted

START, DAY = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.date(2024, 1, 11)
BEFORE = 120
# Of all the mail, and after 180 of 240 messages.
END, EARLIER = dt.date(2024, 1, 21), dt.date(2024, 1, 16)


def mails(name: str, count: int) -> list[Mail]:
    return [
        {
            "received_at": START + dt.timedelta(hours=2 * n),
            "subject": f"{name} {n}",
            "text": f"some longer words {n}",
            "label": "ham" if n % 3 else "spam",
        }
        for n in range(count)
    ]


BASE, FEED = mails("base", 240), [mail | {"label": "ham"} for mail in mails("feed", 60)]


def spam(stream: list[Mail]) -> list[str]:
    return sorted(mail["subject"] for mail in stream if mail["label"] == "spam")


@pytest.mark.parametrize("order", ["dates", "shuffled"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.4])
def test_items_of_feeds_take_the_place_of_ham_from_the_day_on(order: str, share: float) -> None:
    stream = planted(BASE, FEED, Plant(order, "feeds", share, DAY, END), seed=1)
    assert [mail["received_at"] for mail in stream] == [mail["received_at"] for mail in BASE]
    foreign = [n for n, mail in enumerate(stream) if mail["subject"].startswith("feed")]
    assert len(foreign) == round(share * (len(BASE) - BEFORE))
    assert len({stream[n]["subject"] for n in foreign}) == len(foreign)
    assert all(n >= BEFORE for n in foreign)
    assert spam(stream) == spam(BASE)
    assert stream == planted(BASE, FEED, Plant(order, "feeds", share, DAY, END), seed=1)
    assert (stream[:BEFORE] == BASE[:BEFORE]) == (order == "dates")


@pytest.mark.parametrize("order", ["dates", "shuffled"])
def test_a_stream_that_ends_earlier_has_its_share_changed(order: str) -> None:
    stream = planted(BASE, FEED, Plant(order, "feeds", 0.5, DAY, EARLIER), seed=1)
    assert [mail["received_at"] for mail in stream] == [mail["received_at"] for mail in BASE[:180]]
    assert sum(mail["subject"].startswith("feed") for mail in stream) == 30
    assert spam(stream) == spam(BASE[:180])


def test_words_of_spam_are_disguised_from_the_day_on() -> None:
    stream = planted(BASE, FEED, Plant("dates", "words", 0.5, DAY, END), seed=1)
    changed = [n for n, mail in enumerate(stream) if mail != BASE[n]]
    assert changed
    assert all(n >= BEFORE and stream[n]["label"] == "spam" for n in changed)


def test_the_share_of_disguised_words_is_the_one_asked_for() -> None:
    words = ["elastic"] * 2000
    text = obfuscated(" ".join(words), 0.3, np.random.default_rng(0))
    assert 0.26 < text.count("314$+1c") / len(words) < 0.34
    assert obfuscated("as is", 1.0, np.random.default_rng(0)) == "as is"
