"""The whole pipeline in one go, on any clone: what `make run` does."""

from __future__ import annotations

from stages import config
from stages.machine.console import say
from stages.records.layout import HERE, Layout
from stages.records.pointer import Pointer
from stages.registry.promotion import promote, publish, vacate
from stages.registry.shelves import RegistryShelf
from stages.run.arrival import bring
from stages.run.summary import print_summary
from stages.versioning.alone import alone
from stages.versioning.dvc import reproduce
from stages.versioning.tracked import tracked_model


def run(layout: Layout = HERE) -> None:
    """Reproduce all stages, give a first model to production, and say what came out.

    Raises:
        GateError: the gate refused a first model: there is nothing to score the batch with.
        StageError: a stage failed.
        ConfigError: `params.yaml` is not the composition of `conf/`: an edit would go unnoticed.
        BusyError: another run, or a DVC command, is at work here.
    """
    with alone(layout):
        # An experiment, while it runs, has put its own parameters here.
        config.check_composition(layout.params, layout.conf)
        params = config.load(layout.params)
        if not params.source.pinned:
            # DVC sees parameters, not the mail behind them.
            reproduce("fetch", force=True, layout=layout)
        reproduce("train", layout=layout)
        _first_model(params.registry, layout)
        reproduce(layout=layout)
        publish(params.registry, layout)
        bring(params, layout, then="make run")
    print_summary(layout)


def _first_model(registry: config.Registry, layout: Layout) -> None:
    """Make sure that the pointer names a model that is available.

    It may name one that this machine cannot get: other hardware trained other bytes, and there is
    neither a registry nor a DVC remote. Then, and in a project without a model, this run's
    candidate goes into production if the gate accepts it.
    """
    before = Pointer.read(layout)
    if before.model is not None:
        if not _lost(before.model, registry, layout):
            return
        say(
            f"run: {layout.pointer} names the model {before.model[:12]}, which neither the "
            "registry nor this machine's training has; this run's candidate becomes the local "
            "production model if the gate accepts it "
            f"(to go back: git checkout -- {layout.pointer})"
        )
        vacate(layout)
    vacant = Pointer.read(layout)
    try:
        reproduce("register", layout=layout)
        promote(registry, layout)
    except BaseException:
        if Pointer.read(layout) == vacant:
            before.write(layout)
        raise


def _lost(digest: str, registry: config.Registry, layout: Layout) -> bool:
    if tracked_model(layout, digest) is not None:
        return False
    return RegistryShelf(registry, layout).registry.find(digest) is None
