"""What arrives where others look for it, even if DVC has only restored it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages import config
from stages.machine.variables import PREDICTIONS_URL
from stages.records.layout import Layout
from stages.records.pointer import Pointer
from stages.records.predictions import Drop, write_predictions
from stages.run.arrival import send_predictions
from stages.stores.s3 import filesystem
from tests.stores.samples import rows


@pytest.mark.slow
def test_predictions_that_dvc_restored_arrive_and_are_sent_once(
    root: Path,
    tmp_path: Path,
    s3_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in s3_environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv(PREDICTIONS_URL, "s3://spamline/restored")
    params = config.load(root / "params.yaml")
    layout = Layout(tmp_path)
    Pointer("spamline", "c" * 64, None).write(layout)
    write_predictions(layout.predictions, Drop("c" * 64, params.window), [rows(1, 25)])
    for said in ("2 days written, 0 there already", "0 days written, 2 there already"):
        sent = send_predictions(params, layout, then="make run")
        assert sent == f"s3://spamline/restored: {said}, 0 removed"
    assert len(filesystem().find("s3://spamline/restored")) == 2
