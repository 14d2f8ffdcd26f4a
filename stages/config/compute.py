"""Where the heavy work is done: on this machine, or on a cluster: `conf/compute/`.

No stage of `dvc.yaml` declares this: the results are the same bytes, so a change re-runs nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT


@dataclass(frozen=True, config=STRICT)
class Compute:
    """The engine, and how its work is cut; RAY_ADDRESS says where the cluster is."""

    engine: Literal["local", "ray"]
    # Messages of one part: what one worker takes at a time, and what a crash costs at most.
    part_rows: Annotated[int, Field(ge=1, le=1_000_000)]
    # A folder that all nodes see under this path, or s3://bucket/prefix; null is data/parts/.
    parts: Annotated[str, Field(min_length=1)] | None
