import dataclasses
from pathlib import Path

import pytest

from stages.machine.errors import RegistryError
from stages.records.holdout import Holdout
from stages.records.receipt import GateDecision, candidate_receipt, read_receipt, write_receipt
from tests.registry.samples import receipt_of

METRICS = {
    "holdout": {"ham": 300, "spam": 100},
    "candidate": {
        "model": "c" * 64,
        "one_minus_auc_percent": {"value": 0.66, "low": 0.4, "high": 0.9},
        "log_loss": {"value": 0.05, "low": 0.04, "high": 0.07},
        "threshold": 0.9,
    },
    "confidence": 0.9,
    "champion": {"model": "d" * 64},
}


def test_receipt_survives_a_round_trip(tmp_path: Path) -> None:
    write_receipt(receipt_of("a" * 64), tmp_path / "receipt.json")
    assert read_receipt(tmp_path / "receipt.json") == receipt_of("a" * 64)


def test_receipt_says_what_was_judged_and_against_whom() -> None:
    gate = GateDecision(True, ["a reason"])
    receipt = candidate_receipt("spamline", METRICS, data={"train": "1" * 64}, gate=gate)
    assert receipt.model == "c" * 64
    assert receipt.champion == "d" * 64
    assert receipt.metrics == {
        "one_minus_auc_percent": {"value": 0.66, "low": 0.4, "high": 0.9},
        "log_loss": {"value": 0.05, "low": 0.04, "high": 0.07},
    }
    # A 90 % interval is 2 x 1.645 standard errors wide.
    assert receipt.achieved() == Holdout(300, 100, 0.66, 0.05, log_loss_error=0.0091)


def test_receipt_without_a_loss_has_nothing_for_the_pointer() -> None:
    unknown = {"value": None, "low": None, "high": None}
    receipt = receipt_of("a" * 64)
    for name in ("one_minus_auc_percent", "log_loss"):
        lacking = dataclasses.replace(receipt, metrics={**receipt.metrics, name: unknown})
        with pytest.raises(RegistryError, match="has no loss on its holdout"):
            lacking.achieved()


@pytest.mark.parametrize("content", [None, "{", "{}", '{"gate": {}}'])
def test_missing_or_malformed_receipt_names_the_stage_that_writes_it(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "receipt.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RegistryError, match="dvc repro register"):
        read_receipt(path)
