"""The adapter of Ray: parts become tasks of Ray Data on an existing cluster.

Tasks rather than actors: the parts of a node that dies go to any other, while an actor's parts wait
for a place to start it anew, which a smaller cluster may never have. What a process has loaded it
keeps for all its parts either way.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from stages.compute.task import Fault, Task
from stages.machine.errors import ComputeError
from stages.machine.pinning import PINNED_ENVIRONMENT
from stages.machine.variables import RAY_ADDRESS

_INSTALL = "python -m stages.pins.install ray"
_PATIENCE_SECONDS = 3
# Of one job: more parts than that share a task.
_MOST_TASKS = 10_000
# Loaded by name on the nodes, so they get this checkout's code and not what is installed there.
_STAGES = Path(__file__).resolve().parents[1]


@contextmanager
def connected(environment: Mapping[str, str] = os.environ) -> Iterator[RayWorkers]:
    """Yield the workers of the cluster that RAY_ADDRESS names.

    Raises:
        ComputeError: Ray is not installed, or there is no such cluster.
    """
    address = _address(environment)
    try:
        import ray
    except ModuleNotFoundError as error:
        raise ComputeError(
            f"compute.engine is ray, and {error.name} is not installed",
            expected="the packages of the set `ray` of constraints.txt, here and on each node",
            fix=f"{_INSTALL}; or choose `compute: local` in conf/config.yaml and run `make params`",
        ) from None
    try:
        ray.init(
            address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={
                "env_vars": PINNED_ENVIRONMENT,
                "py_modules": [str(_STAGES)],
                "excludes": ["__pycache__"],
            },
        )
    # Another version of Ray or Python there, no node of the cluster on this machine, a port that
    # is somebody else's.
    except (OSError, RuntimeError, ValueError) as error:
        raise _unreachable(address, " ".join(str(error).split())[:300]) from error
    try:
        yield RayWorkers()
    finally:
        ray.shutdown()


class RayWorkers:
    """The connected cluster; see `Workers`."""

    def done(self, keys: Sequence[str], task: Task) -> Iterator[tuple[str, Fault | None]]:
        """See `Workers`."""
        import ray
        import ray.data

        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        # What it would log as an error it raises, too.
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        numbers = ray.data.range(len(keys), override_num_blocks=min(len(keys), _MOST_TASKS))
        # Tried again without end where a worker or its node dies: a task counts its tries itself.
        results = numbers.map(_row, fn_kwargs={"keys": list(keys), "task": task}, num_cpus=1)
        try:
            for row in results.iter_rows():
                said = [str(row[name]) for name in ("found", "expected", "fix")]
                yield keys[int(row["part"])], Fault(*said) if any(said) else None
        except ray.exceptions.RayTaskError:
            # A bug of ours, with its traceback.
            raise
        except ray.exceptions.RayError as error:
            raise ComputeError(
                f"Ray gave a part up: {' '.join(str(error).split())[:300]}",
                expected="nodes that live for the time of a part, with memory for it",
                fix="see the logs of the nodes, or set a smaller part_rows in conf/compute/; "
                "then `make params` and the same again: parts that are done are kept",
            ) from error


def _row(row: Mapping[str, int], keys: list[str], task: Task) -> dict[str, object]:
    """Do the part that a row of Ray's numbers names, on whichever node this is."""
    number = int(row["id"])
    fault = task(keys[number]) or Fault("", "", "")
    return {"part": number, "found": fault.found, "expected": fault.expected, "fix": fault.fix}


def _address(environment: Mapping[str, str]) -> str:
    """Return the address of a cluster that listens.

    Ray itself would look for one for two minutes, and say so in ten lines.
    """
    address = environment.get(RAY_ADDRESS, "")
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or "/" in address:
        found = "malformed" if address else "not set"
        raise ComputeError(
            f"compute.engine is ray, and {RAY_ADDRESS} is {found}",
            expected="host:port of a running cluster",
            fix=f"set {RAY_ADDRESS} to the address of the head node, or choose `compute: local` in "
            "conf/config.yaml and run `make params`",
        )
    try:
        socket.create_connection((host, port), timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        raise _unreachable(address, error.strerror or str(error)) from error
    return address


def _unreachable(address: str, reason: str) -> ComputeError:
    return ComputeError(
        f"the Ray cluster at {address} cannot be used ({reason})",
        expected="a running cluster with the Ray of constraints.txt, and a node of it here",
        fix="start it (`ray start --head`, and `ray start --address HOST:PORT` on other nodes), or "
        f"correct {RAY_ADDRESS}",
    )
