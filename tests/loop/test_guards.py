"""Each guard between a verdict and a retraining."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from pydantic import ValidationError

from stages import config
from stages.loop.guards import Action, next_action
from stages.records.decision import Decision
from stages.records.verdict import Verdict
from tests.stores.history_samples import VERDICT

FIRST = dt.date(2002, 9, 2)


def guards(**changes: int) -> config.Guards:
    return config.Guards(**{"confirm_windows": 1, "confirm_of": 1, "cool_down_days": 14} | changes)


def week(number: int, decision: str = "drift", model: str = "a") -> Verdict:
    window = dataclasses.replace(VERDICT.window, end=FIRST + dt.timedelta(weeks=number))
    return dataclasses.replace(VERDICT, decision=Decision(decision), model=model, window=window)


@pytest.mark.parametrize("decision", ["no_drift", "changed", "not_enough_mail"])
def test_only_drift_retrains(decision: str) -> None:
    assert next_action(week(0, decision), [], guards()) is Action.NONE
    assert next_action(week(0), [], guards()) is Action.RETRAIN


def test_drift_right_after_a_retraining_is_an_alert() -> None:
    assert next_action(week(1, model="b"), [week(0)], guards()) is Action.PERSISTENT
    assert "persists" in Action.PERSISTENT.sentence(guards())


def test_drift_after_a_calm_window_cools_down() -> None:
    past = [week(0), week(1, "no_drift", "b")]
    limits = guards(cool_down_days=21)
    assert next_action(week(2, model="b"), past, limits) is Action.COOLING_DOWN
    assert "less than 21 days" in Action.COOLING_DOWN.sentence(limits)


def test_after_the_cool_down_drift_retrains_again() -> None:
    past = [week(0), week(1, model="b")]
    assert next_action(week(2, model="b"), past, guards()) is Action.RETRAIN
    assert next_action(week(1, model="b"), [week(0)], guards(cool_down_days=0)) is Action.RETRAIN


def test_a_drift_may_need_confirmation() -> None:
    twice = guards(confirm_windows=2, confirm_of=3)
    assert next_action(week(0), [], twice) is Action.UNCONFIRMED
    assert next_action(week(2), [week(0), week(1, "no_drift")], twice) is Action.RETRAIN
    assert next_action(week(3), [week(0), week(1, "no_drift"), week(2, "changed")], twice) is (
        Action.UNCONFIRMED
    )
    assert "2 of the last 3" in Action.UNCONFIRMED.sentence(twice)


def test_the_order_of_the_past_and_later_windows_do_not_matter() -> None:
    past = [week(5, "no_drift", "c"), week(1, "drift", "b"), week(0), week(2, "drift", "b")]
    assert next_action(week(1, model="b"), past, guards()) is Action.PERSISTENT


def test_what_can_never_be_is_refused() -> None:
    with pytest.raises(ValidationError, match="no drift would ever be confirmed"):
        guards(confirm_windows=3, confirm_of=2)
