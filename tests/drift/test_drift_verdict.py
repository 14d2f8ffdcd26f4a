"""Each guard and each way to a decision."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import ValidationError

from stages.drift.quality import FEWEST_LABELLED, realised_quality
from stages.drift.statistics import STATISTICS
from stages.drift.verdict import not_enough_mail, verdict_on
from stages.records.decision import Decision
from stages.records.holdout import Holdout
from stages.records.verdict import Quality
from tests.drift.drift_samples import comparison, drift, quality, scores, subject

LARGE = (2.0, 2.0, 0.5)


@pytest.mark.parametrize(("messages", "reference"), [(1, 1000), (49, 1000), (300, 49), (0, 0)])
def test_too_little_mail_is_a_verdict_of_its_own(messages: int, reference: int) -> None:
    verdict = not_enough_mail(subject(messages, reference), None, drift())
    assert verdict is not None
    assert verdict.decision is Decision.NOT_ENOUGH_MAIL
    assert "at least 50 are needed" in verdict.reasons[0]
    assert verdict.votes == 0
    assert verdict.statistics == {}


def test_enough_mail_is_none() -> None:
    assert not_enough_mail(subject(50, 50), None, drift()) is None


@pytest.mark.parametrize(
    ("voted", "effects", "realised", "expected"),
    [
        (1, LARGE, None, Decision.NO_DRIFT),
        (1, LARGE, 0.9, Decision.NO_DRIFT),
        (2, (1.0, 1.0, 9.0), None, Decision.CHANGED),
        (2, (1.0, 1.0, 9.0), 0.09, Decision.CHANGED),
        (3, LARGE, None, Decision.DRIFT),
        # The interval's lower end decides: 0.02 below the rise here, which 0.05 must not exceed.
        (2, (1.0, 1.0, 1.0), 0.119, Decision.CHANGED),
        (2, (1.0, 1.0, 1.0), 0.121, Decision.DRIFT),
    ],
)
def test_only_a_change_that_matters_is_drift(
    voted: int, effects: tuple[float, ...], realised: float | None, expected: Decision
) -> None:
    known = None if realised is None else quality(realised)
    verdict = verdict_on(subject(), comparison(voted, effects), known, scores(), drift())
    assert verdict.decision is expected
    assert verdict.votes == voted


def test_while_labels_are_late_the_estimated_error_decides() -> None:
    limits = drift(max_estimated_rise_percent=3.0)
    assert (
        verdict_on(subject(), comparison(2), None, scores(3.9), limits).decision is Decision.CHANGED
    )
    verdict = verdict_on(subject(), comparison(2), None, scores(4.1), limits)
    assert verdict.decision is Decision.DRIFT
    assert any("4.10 % of the verdicts are wrong" in reason for reason in verdict.reasons)
    # Where labels are known, they count, not the estimate.
    known = verdict_on(subject(), comparison(2), quality(0.05), scores(9.0), limits)
    assert known.decision is Decision.CHANGED


def test_an_unknown_holdout_loss_is_no_reason() -> None:
    verdict = verdict_on(subject(), comparison(3), quality(5.0, holdout=None), scores(), drift())
    assert verdict.decision is Decision.CHANGED


def test_the_quorum_is_a_parameter() -> None:
    assert (
        verdict_on(subject(), comparison(2), None, scores(), drift(quorum=3)).decision
        is Decision.NO_DRIFT
    )
    assert (
        verdict_on(
            subject(), comparison(1), None, scores(), drift(quorum=1, permutations=1000)
        ).decision
        is Decision.CHANGED
    )


def test_reasons_name_the_numbers() -> None:
    verdict = verdict_on(subject(), comparison(3, LARGE), quality(0.25), scores(), drift())
    text = " ".join(verdict.reasons)
    for part in (
        f"3 of {len(STATISTICS)}",
        "p = 0.002",
        "1.7 times",
        "0.200 above",
        "at 0.180",
        "0.9000",
        "0.5000",
    ):
        assert part in text


def test_json_says_all_and_is_canonical() -> None:
    verdict = verdict_on(subject(), comparison(2), quality(0.08), scores(), drift())
    said = json.loads(verdict.text)
    assert said["decision"] == "changed"
    assert said["changed"]
    assert not said["matters"]
    assert said["window"] == {
        "from": "2002-09-02",
        "to": "2002-09-09",
        "messages": 300,
        "copies": 0,
        "predicted_spam_share": 0.25,
    }
    assert said["statistics"]["mmd"]["voted"] is True
    assert said["statistics"]["cosine"]["voted"] is False
    assert said["quality"]["one_minus_auc_percent"] == 1.5


def test_permutations_too_few_for_the_rate_are_refused() -> None:
    with pytest.raises(ValidationError, match="at least 3000 are needed"):
        drift(false_alarm_rate=0.001)


HOLDOUT = Holdout(ham=75, spam=25, one_minus_auc_percent=0.5, log_loss=0.105, log_loss_error=0.02)


def realised(spam: list[float], ham: list[float], holdout: Holdout | None = HOLDOUT) -> Quality:
    """Return the quality where spam and ham have these probabilities, and some nobody labelled."""
    labels = np.array(["spam"] * len(spam) + ["ham"] * len(ham) + [None] * 9, dtype=object)
    probability = np.r_[spam, ham, np.full(9, 0.5)]
    found = realised_quality(labels, probability, probability > 0.4, holdout=holdout, seed=1)
    assert found is not None
    return found


def test_realised_quality_needs_both_classes() -> None:
    labels = np.array(["spam"] * FEWEST_LABELLED + ["ham"] * FEWEST_LABELLED, dtype=object)
    probability = np.where(labels == "spam", 0.9, 0.1)
    called = probability > 0.4
    found = realised_quality(labels, probability, called, holdout=HOLDOUT, seed=1)
    assert found is not None
    assert (found.spam, found.ham) == (FEWEST_LABELLED, FEWEST_LABELLED)
    assert found.one_minus_auc_percent == pytest.approx(0)
    assert found.recall_at_ham_fpr_1_percent == found.f1 == 1.0
    labels[0] = None
    assert realised_quality(labels, probability, called, holdout=HOLDOUT, seed=1) is None


def test_a_model_that_works_as_on_its_holdout_is_not_hurt() -> None:
    found = realised([0.9] * 40, [0.1] * 120)
    assert found.log_loss == pytest.approx(0.1054, abs=1e-4)
    # No message differs from another: the holdout's error alone is uncertain.
    assert found.log_loss_rise_low == pytest.approx(-1.645 * 0.02, abs=1e-3)
    assert not found.hurts(0.0)


def test_more_ham_in_doubt_hurts_before_any_is_lost() -> None:
    found = realised([0.9] * 40, [0.1] * 60 + [0.35] * 60)
    assert found.f1 == 1.0
    assert found.one_minus_auc_percent == pytest.approx(0)
    assert found.hurts(0.05)


def test_another_share_of_spam_is_no_loss() -> None:
    # Spam costs ten times as much as ham here: at a share of 25 % as in the holdout, 0.35.
    few, many = realised([0.4] * 25, [0.1] * 75), realised([0.4] * 75, [0.1] * 75)
    assert few.log_loss == pytest.approx(many.log_loss)
    # Where no holdout is known, the window's own share counts.
    unknown = realised([0.4] * 75, [0.1] * 75, holdout=None)
    assert unknown.log_loss and many.log_loss
    assert unknown.log_loss > many.log_loss
    assert unknown.log_loss_rise_low is None
    assert not unknown.hurts(0.0)


def test_one_surely_wrong_verdict_is_not_sure_to_be_a_loss() -> None:
    """A mislabelled message costs up to 13.8 nats, and its window is as uncertain by it."""
    found = realised([0.9] * 40, [0.1] * 119 + [1.0])
    assert found.log_loss
    assert found.log_loss > HOLDOUT.log_loss + 0.05
    assert not found.hurts(0.05)
