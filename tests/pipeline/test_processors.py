"""The stages under an emulated processor, where QEMU is installed: the same bytes."""

from __future__ import annotations

import csv
import datetime as dt
import random
import shutil
from pathlib import Path

import pytest

from benchmarks import processors

WORDS = {
    "ham": ["meeting", "notes", "kernel", "patch", "list", "build", "review", "thanks", "monday"],
    "spam": ["free", "money", "winner", "click", "pills", "offer", "cash", "credit", "now"],
}


def write_mail(path: Path) -> None:
    """Write 120 messages of ten weeks, both kinds on each day."""
    rng = random.Random(0)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["received_at", "subject", "text", "label"])
        for number in range(120):
            date = dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=14 * number)
            label = ("ham", "spam")[number % 2]
            text = " ".join(rng.choices(WORDS[label], k=8))
            writer.writerow([date.isoformat(), f"mail {number}", text, label])


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which(processors.EMULATOR), reason="QEMU is not installed")
def test_an_emulated_processor_makes_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPAMLINE_CACHE", str(tmp_path / "cache"))
    write_mail(tmp_path / "mail.csv")
    overrides = [
        "source=files",
        "source.format=csv",
        f"source.paths=[{tmp_path / 'mail.csv'}]",
        "size=small",
        "window.max_messages=24",
        "encoder.max_tokens=8",
        "search.trials=1",
        "features.hash_bits=10",
    ]
    here = processors.run(tmp_path / "here", overrides)
    there = processors.run(tmp_path / "there", overrides, processors.emulator("Haswell"))
    assert {"embed/batch.parquet", "train/model/classifier.skops"} <= here.digests.keys()
    assert processors.different(here, there) == []
