"""The one lock of a checkout: whoever rewrites it, a run of ours or DVC, keeps the other out.

DVC has a lock of its own, but drops it while the command of a stage runs, and an experiment puts
the whole checkout into another state in between. A run of ours holds it from beginning to end: then
every command of DVC that writes says that it cannot have it. An experiment in a folder of its own,
as a worker of the queue runs it, has a lock of its own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.errors import BusyError
from stages.machine.files import exclusive
from stages.records.layout import HERE, Layout

if TYPE_CHECKING:
    from dvc.lock import LockBase

# The checkouts that this process holds: a lock belongs to a process.
_held: set[Path] = set()


def holds(layout: Layout = HERE) -> bool:
    """Return whether this process is `alone` in the checkout."""
    return layout.root.resolve() in _held


@contextmanager
def alone(layout: Layout = HERE) -> Iterator[None]:
    """Let no other run of ours and no command of DVC work in the checkout meanwhile.

    The system releases both locks when their holder dies. A folder without DVC has only ours.

    Raises:
        BusyError: one of them is at work there.
    """
    if holds(layout):
        yield
        return
    with exclusive(layout.run_lock, "a run"), ExitStack() as kept:
        if layout.dvc.is_dir():
            _keep_dvc_out(layout, kept)
        root = layout.root.resolve()
        _held.add(root)
        kept.callback(_held.discard, root)
        yield


def busy(who: str = "") -> BusyError:
    """Return the error that DVC is at work here, `who` being its process if that is known."""
    return BusyError(
        f"another DVC command is at work here{who}",
        expected="one at a time",
        fix="wait for it to end, then run again",
    )


def _keep_dvc_out(layout: Layout, kept: ExitStack) -> None:
    from dvc.lock import LockError
    from dvc.repo.experiments.refs import EXEC_NAMESPACE

    temporary = layout.dvc / "tmp"
    experiments = temporary / "exps"
    experiments.mkdir(parents=True, exist_ok=True)
    try:
        kept.enter_context(_dvc_lock(layout, temporary))
        # An experiment holds this, and not the lock, while it puts its state into the checkout.
        kept.enter_context(_claim(layout, experiments, EXEC_NAMESPACE))
    except LockError:
        raise busy() from None
    # Who is written down here goes on when the command of its stage has ended.
    for path in (temporary / "rwlock", experiments / "run/workspace/workspace.json"):
        for process in _processes(path):
            if process != os.getpid() and _runs(process):
                raise busy(f" (process {process})")


def _dvc_lock(layout: Layout, temporary: Path) -> LockBase:
    from dvc.lock import make_lock

    return make_lock(
        str(temporary / "lock"), tmp_dir=str(temporary), hardlink_lock=_by_hardlink(layout)
    )


@contextmanager
def _claim(layout: Layout, folder: Path, name: str) -> Iterator[None]:
    from dvc.fs import localfs
    from dvc.rwlock import rwlock

    command = " ".join(sys.argv)
    with rwlock(str(folder), localfs, command, [], [name], _by_hardlink(layout)):
        yield


def _by_hardlink(layout: Layout) -> bool:
    from dvc.config import Config

    return bool(Config(str(layout.dvc))["core"].get("hardlink_lock", False))


def _processes(path: Path) -> Iterator[int]:
    """Yield the process ids in a file in which DVC notes who is at work."""
    with suppress(FileNotFoundError, ValueError):
        yield from _ids(json.loads(path.read_bytes()))


def _ids(noted: object) -> Iterator[int]:
    if isinstance(noted, dict):
        if isinstance(pid := noted.get("pid"), int):
            yield pid
        noted = list(noted.values())
    if isinstance(noted, list):
        for item in noted:
            yield from _ids(item)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Somebody else's.
        return True
    return True
