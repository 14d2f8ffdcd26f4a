import dataclasses
from collections.abc import Callable

import pytest

from stages import register
from stages.config import Gate
from stages.machine.errors import RegistryError
from stages.model.metrics import HAM_LOST, ONE_MINUS_AUC, RECALL, RECALL_AT_1
from stages.records.holdout import Counts
from stages.records.layout import Layout
from stages.records.receipt import Receipt
from stages.records.report import ModelReport, Report
from stages.register import RegisterParams
from stages.registry.mlflow.models import ModelRegistry
from stages.registry.shelves import RegistryShelf
from tests.registry.samples import LOCAL, interval

FAIR = Gate(
    max_one_minus_auc_percent=2.0,
    min_recall_at_1_percent=0.7,
    min_recall=0.5,
    max_ham_false_positive_rate=0.02,
    max_regression_percent=0.5,
    min_holdout=30,
)
STRICT = dataclasses.replace(FAIR, max_one_minus_auc_percent=0.1)


@pytest.fixture
def evaluated(layout: Layout, make_model: Callable[..., str]) -> str:
    """What the stages before leave: a model, its metrics, plots, trials and data."""
    digest = make_model()
    metrics = {
        ONE_MINUS_AUC.name: interval(0.66),
        RECALL_AT_1.name: interval(0.9),
        RECALL.name: interval(0.9),
        HAM_LOST.name: interval(0.004, 0.001),
    }
    Report(
        confidence=0.95,
        holdout=Counts(ham=300, spam=100),
        candidate=ModelReport(digest, 0.5, metrics),
        champion=None,
        difference=None,
        slices={},
    ).write(layout)
    for path, text in {
        layout.metrics: "{}",
        layout.plots / "roc.csv": "x,y\n0,1\n",
        layout.trials: "trial\n0\n",
        layout.messages("train"): "train",
        layout.messages("holdout"): "holdout",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return digest


def test_registering_again_makes_the_same_receipt_and_one_version(
    evaluated: str, registry: ModelRegistry, layout: Layout, shelf: RegistryShelf
) -> None:
    lines = [register.run(RegisterParams(FAIR, LOCAL), layout, shelf)]
    first = layout.receipt.read_bytes()
    lines.append(register.run(RegisterParams(FAIR, LOCAL), layout, shelf))
    assert layout.receipt.read_bytes() == first
    assert registry.find(evaluated, [str(Receipt.read(layout).packed)]) == "1"
    assert [line.partition(":")[2].strip()[:31] for line in lines] == [
        "spamline version 1, accepted: t"
    ] * 2


def test_refused_candidate_is_registered_as_refused(
    evaluated: str, registry: ModelRegistry, layout: Layout, shelf: RegistryShelf
) -> None:
    register.run(RegisterParams(STRICT, LOCAL), layout, shelf)
    receipt = Receipt.read(layout)
    assert not receipt.gate.accepted
    assert "at most 0.1 is allowed" in receipt.gate.reasons[0]
    version = registry._client.get_model_version("spamline", str(registry.find(evaluated)))
    assert version.tags["gate"] == "refused"


def test_model_that_was_not_evaluated_is_not_registered(
    evaluated: str,
    registry: ModelRegistry,
    make_model: Callable[..., str],
    layout: Layout,
    shelf: RegistryShelf,
) -> None:
    make_model("changed after evaluate")
    with pytest.raises(RegistryError, match="the model that was evaluated"):
        register.run(RegisterParams(FAIR, LOCAL), layout, shelf)
    assert not layout.receipt.exists()


def test_another_gate_changes_what_the_version_says(
    evaluated: str, registry: ModelRegistry, layout: Layout, shelf: RegistryShelf
) -> None:
    register.run(RegisterParams(FAIR, LOCAL), layout, shelf)
    register.run(RegisterParams(STRICT, LOCAL), layout, shelf)
    version = registry._version(evaluated, ())
    assert version is not None
    assert str(version.version) == "1"
    assert version.tags["gate"] == "refused"
    assert "at most 0.1 is allowed" in str(version.description)
