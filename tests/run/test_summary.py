from __future__ import annotations

from stages.records.contradictions import Contradiction, Contradictions
from stages.run import summary


def test_contradictions_are_counted_and_named() -> None:
    named = tuple(
        Contradiction(f"mail {n}", "spam", 1, 5, (f"other {n}",), "win now") for n in range(20)
    )
    [line] = summary._contradictions(Contradictions(25, named))
    assert line == (
        "labelled both ham and spam: 25 of the texts, the latest label counts: mail 0 (1 ham, "
        "5 spam), mail 1 (1 ham, 5 spam), mail 2 (1 ham, 5 spam) and 22 more"
    )


def test_no_contradiction_is_no_line() -> None:
    assert list(summary._contradictions(Contradictions())) == []
