"""What people have decided about a window stands; what they must know is told them once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from stages.forge.connect import open_forge
from stages.forge.protocol import Forge
from stages.loop.judging import Judged
from stages.loop.proposal import (
    branch_of,
    propose,
    standing,
    tell_failed,
    tell_persistent,
    tell_refused,
)
from stages.machine.errors import ConfigError
from tests.forge.forge_server import ForgeServer
from tests.review import review_samples

EARLIER, BRANCH, LATER = (
    f"retrain/{days}"
    for days in ("2002-08-19_2002-08-26", "2002-08-26_2002-09-02", "2002-09-02_2002-09-09")
)


@pytest.fixture
def judged(root: Path) -> Judged:
    return review_samples.judged(root / "params.yaml", dt.date(2002, 8, 26))


@pytest.fixture
def forge(forge_server: ForgeServer) -> Forge:
    found = open_forge(forge_server.environment())
    assert found is not None
    return found


def test_a_window_that_nobody_knows_is_proposed(forge: Forge, judged: Judged) -> None:
    assert branch_of(judged) == BRANCH
    assert standing(forge, judged) is None


def test_an_open_one_is_left_to_people(
    forge: Forge, judged: Judged, forge_server: ForgeServer
) -> None:
    forge_server.open(BRANCH)
    assert "is open: that stands" in str(standing(forge, judged))


@pytest.mark.parametrize(("merged", "state"), [(False, "closed"), (True, "merged")])
def test_one_that_was_closed_or_rolled_back_is_a_decision(
    forge: Forge, judged: Judged, forge_server: ForgeServer, merged: bool, state: str
) -> None:
    forge_server.close(forge_server.open(BRANCH)["number"], merged=merged)
    assert f"is {state}: that stands" in str(standing(forge, judged))


def test_a_fork_cannot_keep_a_window_from_being_proposed(
    forge: Forge, judged: Judged, forge_server: ForgeServer
) -> None:
    forge_server.open(BRANCH, home="stranger/spamline")
    forge_server.open(LATER, home="stranger/spamline")
    assert standing(forge, judged) is None


def test_an_open_one_of_an_earlier_window_is_told_once(
    forge: Forge, judged: Judged, forge_server: ForgeServer
) -> None:
    number = forge_server.open(EARLIER)["number"]
    for _ in range(2):
        assert "open for an earlier window" in str(standing(forge, judged))
    (comment,) = forge_server.comments[number]
    assert "2002-08-26_2002-09-02 drifts as well" in comment["body"]


def test_a_window_before_one_that_is_proposed_is_refused(
    forge: Forge, judged: Judged, forge_server: ForgeServer
) -> None:
    forge_server.open(LATER)
    with pytest.raises(ConfigError, match=f"proposes a later window, {LATER}"):
        standing(forge, judged)


def test_proposing_again_rewrites_the_open_one_and_reopens_none(
    forge: Forge, judged: Judged, forge_server: ForgeServer
) -> None:
    propose(forge, judged, "first", "one")
    propose(forge, judged, "second", "two")
    (pull,) = forge_server.pulls
    assert (pull["title"], pull["body"]) == ("second", "two")
    forge_server.close(pull["number"])
    propose(forge, judged, "forced", "three")
    assert [(p["title"], p["state"]) for p in forge_server.pulls] == [
        ("second", "closed"),
        ("forced", "open"),
    ]


def test_a_refusal_a_lasting_drift_and_a_failure_are_an_issue_each(
    forge: Forge, judged: Judged, forge_server: ForgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_RUN_ID", "42")
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/spamline")
    for _ in range(2):
        tell_refused(forge, judged, "the whole review")
        tell_persistent(forge, judged)
        tell_failed(forge)
    refused, persists, failed = forge_server.issues
    assert refused["body"].endswith("the whole review")
    assert persists["title"] == "Drift persists after the retraining (2002-08-26_2002-09-02)"
    assert "Mail changed" in persists["body"]
    assert "/owner/spamline/actions/runs/42" in failed["body"]


def test_without_a_forge_everything_is_said_and_nothing_fails(
    judged: Judged, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_refused(None, judged, "page")
    tell_persistent(None, judged)
    tell_failed(None)
    assert "a person must look" in capsys.readouterr().out
