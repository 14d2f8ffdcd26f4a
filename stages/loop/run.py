"""The whole pipeline in one go, on any clone: what `make run` does."""

from __future__ import annotations

from pathlib import Path

from stages import config
from stages.console import say
from stages.loop.pipeline import reproduce
from stages.loop.summary import print_summary
from stages.registry.pointer import POINTER, read_pointer, write_pointer
from stages.registry.tracked import model_at_hand
from stages.stores.history import history_url, rebuild

VERDICT = Path("data/monitor/drift.json")


def run() -> None:
    """Reproduce all stages, give a first model to production, and say what came out.

    The pointer in git may name a model that this machine can have nowhere: other hardware trained
    other bytes, and there is no registry. The run then says so, and makes its own candidate, if
    the gate accepts it, the production model of this clone.

    Raises:
        GateError: the gate refused a first model: there is nothing to score the batch with.
        StageError: a stage failed.
        ConfigError: `params.yaml` is not the composition of `conf/`: an edit would go unnoticed.
    """
    config.check_composition()
    registry = config.load().registry
    reproduce("train")
    before = read_pointer()
    if _lost(registry):
        from stages.loop.promote import vacate

        say(
            f"run: {POINTER} names the model {str(before.model)[:12]}, which neither the registry "
            "nor this machine's training has; this run's candidate becomes the local production "
            f"model if the gate accepts it (to go back: git checkout -- {POINTER})"
        )
        vacate()
    if read_pointer().model is None:
        try:
            _first_promotion(registry)
        except BaseException:
            write_pointer(before)
            raise
    reproduce()
    # DVC may have restored the verdict instead of running monitor, and so written no row.
    rebuild(history_url(config.load().drift.history_url), [VERDICT])
    print_summary()


def _lost(registry: config.Registry) -> bool:
    """Return whether the pointer names a model that can be had nowhere.

    So it is on a clone whose hardware trains other bytes than the committed lock says, with
    neither a registry nor a DVC remote at hand.
    """
    digest = read_pointer().model
    if digest is None:
        return False
    with model_at_hand(digest) as folder:
        if folder is not None:
            return False
    from stages.registry.mlflow_registry import open_registry

    return open_registry(registry).find(digest) is None


def _first_promotion(registry: config.Registry) -> None:
    from stages.loop.promote import promote

    reproduce("register")
    promote(registry)
