"""The stages under an emulated processor, where QEMU is installed: the same bytes."""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import shutil
from pathlib import Path

import pytest

from benchmarks import processors
from tests.model.tiny_bert import tiny_bert

MESSAGES = 300
WORDS = {
    "ham": ["meeting", "notes", "kernel", "patch", "list", "build", "review", "thanks", "monday"],
    "spam": ["free", "money", "winner", "click", "pills", "offer", "cash", "credit", "now"],
}


def write_mail(path: Path) -> None:
    """Write messages of seven weeks, both kinds on each day."""
    rng = random.Random(0)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["received_at", "subject", "text", "label"])
        for number in range(MESSAGES):
            date = dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=4 * number)
            label = ("ham", "spam")[number % 2]
            text = " ".join(rng.choices(WORDS[label], k=20))
            writer.writerow([date.isoformat(), f"mail {number}", text, label])


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which(processors.EMULATOR), reason="QEMU is not installed")
def test_an_emulated_processor_makes_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPAMLINE_CACHE", str(tmp_path / "cache"))
    write_mail(tmp_path / "mail.csv")
    encoder = tiny_bert(tmp_path / "packages" / "tiny")
    monkeypatch.syspath_prepend(tmp_path / "packages")
    overrides = [
        "encoder.name=tiny",
        "encoder.package=tiny",
        "encoder.folder=null",
        f"encoder.sha256={encoder.sha256}",
        f"encoder.dim={encoder.dim}",
        "encoder.max_tokens=64",
        "source=files",
        "source.format=csv",
        f"source.paths=[{tmp_path / 'mail.csv'}]",
        "size=small",
        "window.until='2024-02-01'",
        "window.holdout_days=7",
        "window.batch_from='2024-02-01'",
        "window.batch_to='2024-02-20'",
        "window.max_messages=null",
        "search.trials=1",
        "features.hash_bits=10",
    ]
    here = processors.run(tmp_path / "here", overrides)
    there = processors.run(tmp_path / "there", overrides, processors.emulator("Haswell"))
    assert {"embed/batch.parquet", "train/model/classifier.skops"} <= here.digests.keys()
    assert json.loads((tmp_path / "here/data/monitor/drift.json").read_text())["statistics"]
    assert processors.different(here, there) == []
