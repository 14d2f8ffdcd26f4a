"""Runs stages on a small corpus as `python -m stages` does, here or on a cluster.

    python -m tests.compute.driver PROJECT PARTS STAGE...

PARTS is where parts are kept: a folder or an address in S3; "-" does everything here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from stages import config, embed, fetch, infer
from stages.compute import Cluster, Work
from stages.machine.console import say
from stages.machine.pinning import pin_environment
from stages.records.layout import Layout
from stages.replay.workspace import FolderShelf
from tests.compute.samples import ROWS, SOURCE, WINDOW, Marked

# Of a batch, and of a part: two batches.
embed.BATCH_ROWS = ROWS


@dataclass(frozen=True)
class Marking:
    """A cluster whose workers leave marks in `marks`, and are slow enough to be killed."""

    cluster: Cluster
    marks: Path

    def mapped(
        self, work: Work, batches: Iterable[pa.RecordBatch], *, doing: str
    ) -> Iterator[pa.RecordBatch]:
        """See `Cluster`."""
        return self.cluster.mapped(Marked(work, self.marks, 0.2), batches, doing=doing)


def stages(project: Path, cluster_of: Callable[[str], Cluster | None], *names: str) -> list[str]:
    """Run the stages `names` of `project`; return what they say."""
    params = config.validate(config.compose(), "conf/")
    params = replace(params, source=SOURCE, window=WINDOW)
    params = replace(params, inference=config.Inference(batch_rows=ROWS))
    layout = Layout(project)
    run: dict[str, Callable[[Cluster | None], str]] = {
        "fetch": lambda cluster: fetch.run(
            config.sections(fetch.FetchParams, params), layout, cluster=cluster
        ),
        "embed": lambda cluster: embed.run(
            embed.EmbedParams(params.encoder), layout, "batch", cluster=cluster
        ),
        "infer": lambda cluster: infer.run(
            config.sections(infer.InferParams, params),
            layout,
            FolderShelf(project / "models"),
            cluster=cluster,
        ),
    }
    return [run[name](cluster_of(name)) for name in names]


@contextmanager
def clusters(project: Path, parts: str) -> Iterator[Callable[[str], Cluster]]:
    """Yield a function of a stage to its cluster; one connection serves all stages."""
    from stages.compute.job import Parted
    from stages.compute.ray_data import connected
    from stages.stores.parts import open_parts

    compute = config.Compute(engine="ray", part_rows=2 * ROWS, parts=parts)
    with connected() as workers:

        def cluster_of(stage: str) -> Cluster:
            place = open_parts(compute, stage, Layout(project))
            cluster = Parted(place, compute.part_rows, workers)
            return Marking(cluster, project / "marks") if stage == "embed" else cluster

        yield cluster_of


def main() -> None:
    """Run."""
    project, parts, *names = sys.argv[1:]
    if parts == "-":
        lines = stages(Path(project), lambda _: None, *names)
    else:
        with clusters(Path(project), parts) as cluster_of:
            lines = stages(Path(project), cluster_of, *names)
    for line in lines:
        say(line)


if __name__ == "__main__":
    pin_environment("tests.compute.driver")
    main()
