"""`make trust`: a commit that is stale, or forged with DVC's blessing, is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.pipeline.conftest import Clone

pytestmark = pytest.mark.slow

REPORT, RECEIPT = "data/evaluate/report.json", "data/register/receipt.json"
METRICS = "data/evaluate/metrics.json"


def forge(clone: Clone, name: str, change: Callable[[Any], None]) -> None:
    """Edit a JSON file in the form in which stages write it."""
    path = clone.folder / name
    content = json.loads(path.read_text())
    change(content)
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert text != path.read_text()
    path.write_text(text)


def better(report: Any) -> None:
    report["candidate"]["brier"]["value"] = 0.0001


def test_an_honest_commit_is_trusted_and_stays_as_it_is(clone: Clone) -> None:
    said = clone.stages("trust")
    assert "are what evaluate finds" in said
    assert "no remote is set up here" in said
    assert clone.run("git", "status", "--porcelain") == ""


def test_a_forged_metric_with_a_fresh_digest_is_found(clone: Clone) -> None:
    forge(clone, REPORT, better)
    forge(clone, RECEIPT, lambda receipt: better({"candidate": receipt["metrics"]}))
    clone.dvc("commit", "--force", "evaluate", "register")
    clone.commit("a better model")
    assert "didn't change" in clone.dvc("repro", "--dry", "register")
    line = clone.stages("trust", status=3).splitlines()[-1]
    assert f"{REPORT} says candidate.brier.value 0.0001, computed again it is" in line
    assert clone.run("git", "status", "--porcelain") == ""


def test_a_forged_headline_is_found(clone: Clone) -> None:
    forge(clone, METRICS, lambda headline: headline.update(brier=0.0001))
    clone.dvc("commit", "--force", "evaluate", "register")
    clone.commit("a better model")
    line = clone.stages("trust", status=3).splitlines()[-1]
    assert f"{METRICS} says brier 0.0001, computed again it is" in line


def test_a_forged_gate_is_found(clone: Clone) -> None:
    forge(clone, RECEIPT, lambda receipt: receipt["gate"]["reasons"].append("well known"))
    clone.dvc("commit", "--force", "register")
    line = clone.stages("trust", status=3).splitlines()[-1]
    assert f"{RECEIPT} says gate.reasons" in line


def test_a_pointer_that_no_accepted_receipt_bears_out_is_found(clone: Clone) -> None:
    code = "from stages.loop.trust import check_pointer; check_pointer()"
    forge(clone, "data/production.json", lambda pointer: pointer["holdout"].update(log_loss=9.0))
    said = clone.run("python", "-c", code, status=1)
    assert "says of its model's holdout" in said
    assert "log_loss=9.0" in said
    forge(clone, "data/production.json", lambda pointer: pointer.update(previous="1" * 64))
    forge(clone, "data/production.json", lambda pointer: pointer.update(model="0" * 64))
    said = clone.run("python", "-c", code, status=1)
    assert "000000000000, which no receipt calls accepted" in said


def test_a_stale_lock_and_params_by_hand_are_found(clone: Clone) -> None:
    path = clone.folder / "conf/size/small.yaml"
    path.write_text(path.read_text().replace("min_holdout: 10", "min_holdout: 11"))
    assert "params.yaml differs from conf/" in clone.stages("trust", status=2)
    clone.stages("params")
    assert "dvc.lock is of another state of register" in clone.stages("trust", status=3)
