"""What arrives where others look for it, even if DVC has only restored it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages import config
from stages.infer import PREDICTIONS
from stages.machine.variables import PREDICTIONS_URL
from stages.records.pointer import Pointer, write_pointer
from stages.run.arrival import bring_predictions
from stages.stores.predictions import Drop, write_predictions
from stages.stores.s3 import filesystem
from tests.stores.samples import rows


@pytest.mark.slow
def test_predictions_that_dvc_restored_arrive_and_are_sent_once(
    root: Path,
    tmp_path: Path,
    s3_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in s3_environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv(PREDICTIONS_URL, "s3://spamline/restored")
    params = config.load(root / "params.yaml")
    monkeypatch.chdir(tmp_path)
    write_pointer(Pointer("spamline", "c" * 64, None))
    write_predictions(PREDICTIONS, Drop("c" * 64, params.window), [rows(1, 25)])
    for said in ("2 days written, 0 there already", "0 days written, 2 there already"):
        bring_predictions(params, then="make run")
        assert f"predictions: s3://spamline/restored: {said}, 0 removed" in capsys.readouterr().out
    assert len(filesystem().find("s3://spamline/restored")) == 2
