"""`dvc status` after an edit: what a result depends on makes it stale, and nothing else does."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.conftest import Clone

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Edit:
    """A change that a person makes, and the stages that are to run again by it.

    Stages behind them wait for their bytes.
    """

    path: str
    stages: tuple[str, ...] = ()
    old: str = r"\Z"
    new: str = "# New.\n"
    # As DVC names what has changed: the file, or the parameter.
    key: str = ""


EDITS = {
    "a sentence of the gate": Edit(
        "stages/model/gate.py", ("register",), "at least", "a minimum of"
    ),
    "the search": Edit("stages/model/training/search.py", ("train",)),
    "dates of mail": Edit("stages/mail/received.py", ("fetch",)),
    "a plot": Edit("stages/model/plots.py", ("evaluate",)),
    # What is packed with a model is named by its receipt.
    "packing": Edit("stages/registry/mlflow/packing.py", ("register",)),
    "the served model": Edit("stages/registry/mlflow/pyfunc_filter.py", ("register",)),
    "an error": Edit("stages/machine/errors.py", ("register",)),
    "a pin": Edit("constraints.txt", ("register",)),
    "a reason": Edit("stages/drift/reasons.py", ("monitor",)),
    "rows of predictions": Edit("stages/records/predictions.py", ("infer",)),
    "the verdict": Edit("stages/records/verdict.py", ("monitor",)),
    "an engine": Edit(
        "stages/model/engines/exact.py",
        ("embed@batch", "embed@holdout", "embed@train", "evaluate", "infer", "register"),
    ),
    "promotion": Edit("stages/registry/promotion.py"),
    "a time-out of S3": Edit("stages/stores/s3.py"),
    "the drift page": Edit("stages/dashboards/drift_report.html.j2"),
    "a command": Edit("stages/cli/stages.py"),
    "a guard": Edit("stages/loop/guards.py"),
    "the review": Edit("stages/review/page.py"),
    "the history's address": Edit(
        "params.yaml", (), "history: null", "history: postgresql://db/x", "stores"
    ),
    "the registry's address": Edit(
        "params.yaml", (), "registry: null", "registry: http://mlflow", "stores"
    ),
    "the vote": Edit("params.yaml", ("monitor",), r"quorum: \d", "quorum: 3", "drift"),
    "the bootstrap": Edit(
        "params.yaml", ("evaluate",), r"resamples: \d+", "resamples: 7", "evaluation"
    ),
}


@pytest.fixture(scope="module")
def status(first: Clone, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `dvc status` says of each stage after all edits: it names each one."""
    clone = first.clone(tmp_path_factory.mktemp("edited") / "clone")
    shutil.copytree(first.folder / ".dvc/cache", clone.folder / ".dvc/cache")
    clone.dvc("checkout")
    assert json.loads(clone.dvc("status", "--json")) == {}
    for edit in EDITS.values():
        path = clone.folder / edit.path
        text, edits = re.subn(edit.old, edit.new, path.read_text(), count=1)
        assert edits, f"{edit.path} no longer has {edit.old}"
        path.write_text(text)
    found: dict[str, Any] = json.loads(clone.dvc("status", "--json"))
    return {stage: json.dumps(changes) for stage, changes in found.items()}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edit_runs_again_what_depends_on_it_and_nothing_else(
    status: dict[str, str], edit: Edit
) -> None:
    path = Path(edit.path)
    # A folder that is declared stands for its files.
    names = [edit.key] if edit.key else [str(part) for part in (path, *path.parents)]
    stale = [stage for stage, changes in status.items() if any(f'"{n}"' in changes for n in names)]
    assert sorted(stale) == list(edit.stages)
