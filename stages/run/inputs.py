"""What a stage starts from: files that `dvc.yaml` declares and that other stages write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stages import config
from stages.machine.errors import DataError
from stages.machine.files import read_json
from stages.machine.parquet import parquet_head
from stages.records.layout import HERE, Layout


def check_inputs(stage: str, layout: Layout = HERE) -> None:
    """Fail unless each input of `stage` that another stage writes is there and can be opened.

    DVC sees to that by itself; a stage started by hand, or after a file was changed by hand, needs
    a line. The content of the files is for the stage to check.

    Args:
        stage: as DVC names it: `"train"`, `"embed@batch"`.
        layout: the project.

    Raises:
        DataError: names the stage that writes the file.
    """
    stages = dict(_unrolled(config.declarations(layout.pipeline)))
    writers = {out: name for name, entry in stages.items() for out in _outputs(entry)}
    for declared in stages[stage]["deps"]:
        if declared in writers and (problem := _problem(layout.root / declared)):
            raise DataError(
                f"{declared} {problem}",
                expected=f"what the stage {writers[declared]} writes",
                fix=f"run `dvc repro {stage}`",
            )


def _unrolled(stages: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each stage under DVC's name for it, one for each item of a `foreach`."""
    for name, entry in stages.items():
        if "foreach" not in entry:
            yield name, entry
        for item in entry.get("foreach", []):
            yield f"{name}@{item}", json.loads(json.dumps(entry["do"]).replace("${item}", item))


def _outputs(entry: dict[str, Any]) -> Iterator[str]:
    for out in entry.get("outs", []) + entry.get("metrics", []):
        yield from out if isinstance(out, dict) else [out]


def _problem(path: Path) -> str | None:
    if not path.exists():
        return "does not exist"
    try:
        if path.suffix == ".parquet":
            parquet_head(path, fix="")
        if path.suffix == ".json":
            read_json(path)
    except DataError as error:
        return error.found.removeprefix(f"{path} ")
    except (OSError, ValueError) as error:
        return f"cannot be read: {' '.join(str(error).split())[:200]}"
    return None
