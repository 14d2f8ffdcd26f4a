"""The whole pipeline in one go, on any clone: what `make run` does."""

from __future__ import annotations

from pathlib import Path

from stages import config
from stages.machine.console import say
from stages.machine.files import exclusive
from stages.records.pointer import POINTER, read_pointer, write_pointer
from stages.registry.mlflow.connect import open_registry
from stages.registry.promotion import promote, publish, vacate
from stages.run.arrival import bring
from stages.run.summary import print_summary
from stages.versioning.dvc import reproduce
from stages.versioning.tracked import tracked_model

LOCK = Path("data/.run.lock")


def run() -> None:
    """Reproduce all stages, give a first model to production, and say what came out.

    Raises:
        GateError: the gate refused a first model: there is nothing to score the batch with.
        StageError: a stage failed.
        ConfigError: `params.yaml` is not the composition of `conf/`: an edit would go unnoticed.
        BusyError: another run is at work here.
    """
    config.check_composition()
    params = config.load()
    with exclusive(LOCK, "a run"):
        if not params.source.pinned:
            # DVC sees parameters, not the mail behind them.
            reproduce("fetch", force=True)
        reproduce("train")
        _first_model(params.registry)
        reproduce()
        publish(params.registry)
        bring(params, then="make run")
    print_summary()


def _first_model(registry: config.Registry) -> None:
    """See to it that the pointer names a model that can be had.

    It may name one that this machine can have nowhere: other hardware trained other bytes, and
    there is neither a registry nor a DVC remote. Then, and in a project without a model, this
    run's candidate goes into production if the gate accepts it.
    """
    before = read_pointer()
    if before.model is not None:
        if not _lost(before.model, registry):
            return
        say(
            f"run: {POINTER} names the model {before.model[:12]}, which neither the registry nor "
            "this machine's training has; this run's candidate becomes the local production model "
            f"if the gate accepts it (to go back: git checkout -- {POINTER})"
        )
        vacate()
    vacant = read_pointer()
    try:
        reproduce("register")
        promote(registry)
    except BaseException:
        if read_pointer() == vacant:
            write_pointer(before)
        raise


def _lost(digest: str, registry: config.Registry) -> bool:
    with tracked_model(digest) as folder:
        if folder is not None:
            return False
    return open_registry(registry).find(digest) is None
