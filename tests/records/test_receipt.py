import dataclasses
import json
from pathlib import Path

import pytest

from stages.machine.errors import RegistryError
from stages.records.holdout import Counts, Holdout
from stages.records.interval import Interval
from stages.records.layout import Layout
from stages.records.receipt import GateDecision, Receipt, candidate_receipt
from stages.records.report import ModelReport, Report
from tests.registry.samples import receipt_of

METRICS = {
    "one_minus_auc_percent": Interval(0.66, 0.4, 0.9),
    "log_loss": Interval(0.05, 0.04, 0.07),
}
REPORT = Report(
    confidence=0.9,
    holdout=Counts(ham=300, spam=100),
    candidate=ModelReport("c" * 64, 0.9, METRICS),
    champion=ModelReport("d" * 64, 0.5, METRICS, saw_holdout=False),
    difference=METRICS,
    slices={},
)


def test_receipt_says_what_was_judged_and_against_whom() -> None:
    gate = GateDecision(True, ["a reason"])
    receipt = candidate_receipt("spamline", REPORT, data={"train": "1" * 64}, gate=gate)
    assert receipt.model == "c" * 64
    assert receipt.champion == "d" * 64
    assert receipt.metrics == METRICS
    # A 90 % interval is 2 x 1.645 standard errors wide.
    assert receipt.achieved() == Holdout(300, 100, 0.66, 0.05, log_loss_error=0.0091)


def test_receipt_without_a_loss_has_nothing_for_the_pointer() -> None:
    unknown = Interval(None, None, None)
    receipt = receipt_of("a" * 64)
    for name in ("one_minus_auc_percent", "log_loss"):
        lacking = dataclasses.replace(receipt, metrics={**receipt.metrics, name: unknown})
        with pytest.raises(RegistryError, match="has no loss on its holdout"):
            lacking.achieved()


@pytest.mark.parametrize("content", [None, "{", "{}", '{"gate": {}}'])
def test_missing_or_malformed_receipt_names_the_stage_that_writes_it(
    tmp_path: Path, content: str | None
) -> None:
    layout = Layout(tmp_path)
    if content is not None:
        layout.receipt.parent.mkdir(parents=True)
        layout.receipt.write_text(content)
    with pytest.raises(RegistryError, match="dvc repro register"):
        Receipt.read(layout)


def test_a_receipt_of_before_packed_digests_is_read(tmp_path: Path) -> None:
    layout, receipt = Layout(tmp_path), receipt_of("a" * 64)
    receipt.write(layout)
    tree = json.loads(layout.receipt.read_text())
    del tree["packed"]
    layout.receipt.write_text(json.dumps(tree))
    assert Receipt.read(layout) == receipt
