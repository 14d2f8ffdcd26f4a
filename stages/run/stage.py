"""One stage, as `python -m stages <stage>` and the scheduled job run it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from stages import config
from stages.machine.files import exclusive
from stages.run.inputs import check_inputs


def run_stage(stage: str, *split: str) -> None:
    """Run the edge of `stage` alone in its folder: a second one at once is busy, not damage.

    Args:
        stage: its name in `dvc.yaml`, `"embed"`.
        split: the item of a stage that `dvc.yaml` unrolls, `"batch"`.

    Raises:
        BusyError: it is already running here.
        UserError: of the stage, its parameters or its inputs.
    """
    edge = import_module(f"stages.{stage}")
    params = config.read(stage, getattr(edge, f"{stage.capitalize()}Params"))
    check_inputs("@".join([stage, *split]))
    with exclusive(Path("data") / stage / f".{'-'.join([stage, *split])}.lock", stage):
        edge.run(params, *split)
