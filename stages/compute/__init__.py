"""Work on batches that a cluster can take over, with the same bytes as on this machine.

A stage gets a `Cluster` only where `conf/compute/` asks for one; else it does everything itself,
and nothing here is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from stages import config
    from stages.records.layout import Layout


class Work(Protocol):
    """What is done to each batch: a frozen description that can be sent to another machine."""

    @property
    def identity(self) -> str:
        """What the results depend on besides the batches, the code and the common packages."""
        ...

    def start(self) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        """Load what it takes, once in a process; return what is done to a batch."""
        ...


class Cluster(Protocol):
    """Other machines that do the work of a stage."""

    def mapped(
        self, work: Work, batches: Iterable[pa.RecordBatch], *, doing: str
    ) -> Iterator[pa.RecordBatch]:
        """Yield what `work` makes of each of `batches`, in their order.

        A batch meets the same code here and there, in the same company: the bytes are those of
        `map(work.start(), batches)`.

        Args:
            work: what is done to a batch.
            batches: they wait in the place of the parts until the stage is done.
            doing: a word or two for the person who waits: `"embed train"`.

        Raises:
            ComputeError: the cluster is gone, or a node of it cannot do this work.
            StoreError: the place of the parts does not answer.
        """
        ...


@contextmanager
def open_cluster(compute: config.Compute, stage: str, layout: Layout) -> Iterator[Cluster | None]:
    """Yield the cluster that `compute` asks for; None where the work is done here.

    Parts that are done are kept if the stage fails, and go when it has succeeded.

    Args:
        compute: the `compute` section of `params.yaml`.
        stage: its name, which becomes a folder of the parts.
        layout: the project.

    Raises:
        ComputeError: Ray is not installed, there is no cluster, or it does not answer.
    """
    if compute.engine == "local":
        yield None
        return
    from stages.compute.job import Parted
    from stages.compute.ray_data import connected
    from stages.stores.parts import open_parts

    with connected() as workers:
        cluster = Parted(open_parts(compute, stage, layout), compute.part_rows, workers)
        yield cluster
        cluster.forget()
