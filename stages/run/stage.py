"""One stage, as `python -m stages <stage>` and the scheduled job run it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from importlib import import_module

from stages import config
from stages.compute import Cluster, open_cluster
from stages.machine.console import say
from stages.machine.environment import in_experiment, under_dvc
from stages.machine.files import exclusive
from stages.records.layout import HERE, Layout
from stages.registry.shelf import Shelf
from stages.registry.shelves import RegistryShelf, TrackedShelf
from stages.run.arrival import publish_verdict_of, send_predictions
from stages.run.inputs import check_inputs
from stages.stores.delivery import predictions_url
from stages.versioning.alone import alone

# Where the models of a stage come from; the other stages take none.
_SHELVES = {
    "evaluate": TrackedShelf,
    "register": RegistryShelf,
    "infer": RegistryShelf,
    "monitor": RegistryShelf,
}
# What `compute.engine` is about; the other stages are light, or look at all messages at once.
_ON_A_CLUSTER = ("fetch", "embed", "infer")


def run_stage(stage: str, *split: str, layout: Layout = HERE) -> None:
    """Run the edge of `stage` alone in its folder: a second one at once is busy, not damage.

    What infer and monitor find is then brought to where others look for it.

    Args:
        stage: its name in `dvc.yaml`, `"embed"`.
        split: the item of a stage that `dvc.yaml` unrolls, `"batch"`.
        layout: the project.

    Raises:
        BusyError: it is already running here, or a run or a DVC command is that did not start it.
        StoreError: what was found is written here, but a store cannot be reached or refuses.
        UserError: of the stage, its parameters or its inputs.
    """
    edge = import_module(f"stages.{stage}")
    view = getattr(edge, f"{stage.capitalize()}Params")
    sections = config.read(stage, view, layout.params, layout.pipeline)
    params = config.load(layout.params)
    check_inputs("@".join([stage, *split]), layout)
    with exclusive(layout.stage_lock(stage, *split), stage), _place(layout):
        _check_addresses(stage, params)
        shelves = _shelves(stage, params, layout)
        with _cluster(stage, params, layout) as cluster:
            given = {"cluster": cluster} if cluster else {}
            line = edge.run(sections, layout, *split, *shelves, **given)
        if stage == "monitor":
            _write_page(layout, *shelves)
        say("; ".join([line, *_brought(stage, params, layout)]))


def _place(layout: Layout) -> AbstractContextManager[None]:
    """Keep others out of the checkout, unless DVC runs this stage and does that itself."""
    return nullcontext() if under_dvc() else alone(layout)


def _cluster(
    stage: str, params: config.Params, layout: Layout
) -> AbstractContextManager[Cluster | None]:
    """Return the machines that `stage` may use besides this one, if `params` name any."""
    return open_cluster(params.compute, stage, layout) if stage in _ON_A_CLUSTER else nullcontext()


def _shelves(stage: str, params: config.Params, layout: Layout) -> list[Shelf]:
    shelf = _SHELVES.get(stage)
    return [shelf(params.registry, layout)] if shelf else []


def _write_page(layout: Layout, models: Shelf) -> None:
    """Write the page about the verdict; one that fails is reported and does not stop the loop."""
    from stages.dashboards.drift_report import write_drift_report

    try:
        write_drift_report(layout, models)
    except Exception as error:
        say(f"monitor: no report, Evidently failed: {error!r}")


def _check_addresses(stage: str, params: config.Params) -> None:
    """Report an address that is not one before the work, not after it."""
    if stage == "infer":
        predictions_url(params.stores.predictions)


def _brought(stage: str, params: config.Params, layout: Layout) -> list[str]:
    """Bring what `stage` found to where others look for it; return what there is to say of it."""
    if stage == "infer":
        sent = send_predictions(params, layout, then="dvc repro infer")
        return [sent] if sent else []
    if stage == "monitor" and not in_experiment():
        publish_verdict_of(params, layout)
    return []
