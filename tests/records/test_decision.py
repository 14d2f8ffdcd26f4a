"""What people read of a decision, wherever it is shown."""

from __future__ import annotations

import pytest

from stages.dashboards.colours import MARKS
from stages.dashboards.words import decision_of
from stages.drift.statistics import STATISTICS, title_of
from stages.records.decision import Cause, Decision


@pytest.mark.parametrize("decision", list(Decision))
def test_every_decision_says_what_it_is_and_what_to_do_and_has_a_mark(decision: Decision) -> None:
    assert decision == Decision(decision.value) == decision_of(decision.value)
    assert decision.words == decision.value.replace("_", " ")
    assert decision.headline
    assert decision.advice.endswith(".")
    assert decision in MARKS


def test_only_two_decisions_are_a_change() -> None:
    assert [d for d in Decision if d.changed] == [Decision.CHANGED, Decision.DRIFT]


def test_every_cause_has_words_of_its_own() -> None:
    assert len({cause.words for cause in Cause if cause.words}) == len(Cause)


def test_what_this_code_does_not_know_is_shown_as_it_is_named() -> None:
    assert decision_of("calm_before_the_storm") is None
    assert title_of("energy_distance") == "energy distance"
    assert [title_of(statistic.name) for statistic in STATISTICS] == [s.title for s in STATISTICS]
