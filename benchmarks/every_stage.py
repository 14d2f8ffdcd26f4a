"""Every stage but register, in one process: what an emulated processor runs.

    python -m benchmarks.every_stage FOLDER

`FOLDER` has a `params.yaml`. The stages' own functions write its `data/`; the trained model is then
its production model. register computes nothing of its own, and is left out for the minutes that
MLflow takes to start. Prints JSON: the seconds of each stage and the digest of each output.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stages import config, embed, evaluate, fetch, infer, monitor, train
from stages.machine.edge import guarded
from stages.machine.files import sha256
from stages.records.layout import SPLITS, Layout
from stages.records.pointer import Pointer
from stages.replay.workspace import FolderShelf


def main() -> None:
    """Run all stages, and print what came out."""
    layout = Layout(Path(sys.argv[1]))
    params = config.load(layout.params)
    seconds: dict[str, float] = {}

    def timed(name: str, stage: Callable[..., str], view: type[Any], *others: Any) -> None:
        start = time.monotonic()
        print(stage(config.sections(view, params), layout, *others), file=sys.stderr)
        seconds[name] = round(time.monotonic() - start, 1)

    models = FolderShelf(layout.root / "models")
    Pointer(params.registry.name, None, None).write(layout)
    timed("fetch", fetch.run, fetch.FetchParams)
    for split in SPLITS:
        timed(f"embed@{split}", embed.run, embed.EmbedParams, split)
    timed("train", train.run, train.TrainParams)
    timed("evaluate", evaluate.run, evaluate.EvaluateParams, models)
    Pointer(params.registry.name, models.keep(layout.model), None).write(layout)
    timed("infer", infer.run, infer.InferParams, models)
    timed("monitor", monitor.run, monitor.MonitorParams, models)
    data = layout.root / "data"
    digests = {
        path.relative_to(data).as_posix(): sha256(path)
        for path in sorted(data.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }
    print(json.dumps({"seconds": seconds, "digests": digests}))


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.every_stage", main))
