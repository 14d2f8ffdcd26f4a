"""What a window costs that shares nine tenths of its mail with one that was embedded before.

    python -m benchmarks.cache

Embeds two windows of the mail in data/fetch/, each in a process of its own, with an empty cache
before the first one; writes `benchmarks/cache.json`. Needs the result of `make run`.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.machine import call, measured_on
from stages.machine.edge import guarded
from stages.machine.files import write_json
from stages.machine.parquet import read_parquet, write_parquet
from stages.machine.variables import CACHE, DVC_STAGE
from stages.records.layout import SPLITS, Layout
from stages.records.messages import MESSAGE_SCHEMA

RESULT = Path(__file__).with_suffix(".json")
ROOT = Path(__file__).resolve().parents[1]
MESSAGES, SHARED = 1_000, 0.9


def main() -> None:
    """Measure, and write the result."""
    result = {"machine": measured_on(), **shared_windows()}
    write_json(RESULT, result)
    print(result)


def shared_windows(project: Path = ROOT, messages: int = MESSAGES) -> dict[str, Any]:
    """Return the seconds of a first window and of a second one, and the second's part.

    Args:
        project: a checkout that has run; its encoder and its mail are measured.
        messages: of each window.
    """
    mail = _mail(Layout(project))
    step = round(messages * (1 - SHARED))
    found: dict[str, Any] = {"messages": messages, "shared": SHARED}
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        for name in ("params.yaml", "dvc.yaml"):
            shutil.copy(project / name, layout.root)
        for name, start in (("first", 0), ("second", step)):
            window = mail.slice(start, messages)
            write_parquet(layout.messages("batch"), MESSAGE_SCHEMA, window.to_batches())
            found[f"{name}_seconds"], found[f"{name}_cpu_seconds"] = _embed(layout)
    for unit in ("seconds", "cpu_seconds"):
        found[f"{unit}_ratio"] = round(found[f"second_{unit}"] / found[f"first_{unit}"], 3)
    return found


def _mail(layout: Layout) -> pa.Table:
    """Return all mail of the three splits, in the order of time."""
    splits = [
        batch
        for split in SPLITS
        for batch in read_parquet(layout.messages(split), MESSAGE_SCHEMA, fix="run `make run`")
    ]
    return pa.Table.from_batches(splits, MESSAGE_SCHEMA)


def _embed(layout: Layout) -> tuple[float, float]:
    """Embed the batch in `layout`; return seconds by the clock, and of the CPU."""
    # As DVC runs it: the folder is nobody else's.
    given = {CACHE: str(layout.root / "cache"), DVC_STAGE: "embed@batch"}
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | given | {"PYTHONPATH": path}
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    call([sys.executable, "-m", "stages", "embed", "batch"], cwd=layout.root, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return round(time.monotonic() - start, 2), round(cpu, 2)


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.cache", main))
