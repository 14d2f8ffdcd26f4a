"""Where the registry is: one address from the environment, `conf/` or this machine's disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stages.machine.address import shown
from stages.machine.errors import BusyError
from stages.machine.variables import TRACKING_URI
from stages.records.layout import HERE, Layout

_SQLITE = "sqlite:///"
# A registration takes about ten seconds; one that takes longer than this hangs.
_LOCK_SECONDS = 60.0


@dataclass(frozen=True)
class Location:
    """The address of a registry.

    Args:
        uri: MLflow's tracking URI; may hold a password.
        shown: the same for people, see `stages.machine.address`.
        artifacts: the folder of the artifacts as a URI; None where the server decides.
        home: the folder for verified copies and for the lock of an embedded registry.
        origin: whether models are moved away from it: then it is the one that must not be lost.
    """

    uri: str
    shown: str
    artifacts: str | None
    home: Path = HERE.registry
    origin: bool = False

    @property
    def embedded(self) -> bool:
        """Whether the registry is a SQLite file on this machine, artifacts beside it."""
        return self.artifacts is not None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep two processes from creating the embedded database, or a version in it, at once.

        A server guards its own database, so there this does nothing.

        Raises:
            BusyError: the other process does not finish in time.
        """
        if not self.embedded:
            yield
            return
        from filelock import FileLock, Timeout

        self.home.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.home / "lock", timeout=_LOCK_SECONDS):
                yield
        except Timeout:
            raise BusyError(
                f"{self.home} is locked by another process",
                expected=f"it to be free within {_LOCK_SECONDS:g} s",
                fix="let the other run end, then run again",
            ) from None

    def fix_for_silence(self) -> str:
        """Return what to do when the registry does not answer."""
        if self.origin:
            return "start it or restore its files, or name another --source"
        if self.embedded:
            return f"remove {self.home}, then `make run`"
        return (
            "start it and the stores behind it (`make up` where they are this machine's), "
            f"or set {TRACKING_URI} to one that runs (unset: a file on this machine)"
        )

    def fix_for_damage(self, name: str) -> str:
        """Return what to do when the registry holds other bytes for a version of `name`."""
        if self.origin:
            return f"restore its files, or delete that version of {name} there; then move again"
        if self.embedded:
            return f"remove {self.home}, then `make run`"
        return f"delete that version of {name} in the registry, then `make run`"


def locate(
    address: str | None,
    environment: Mapping[str, str] = os.environ,
    layout: Layout = HERE,
) -> Location:
    """Return where the registry is: at `MLFLOW_TRACKING_URI`, at `address`, or in the checkout.

    The embedded registry's addresses are absolute: MLflow resolves relative ones against whatever
    folder the reader happens to be in.

    Args:
        address: `stores.registry` of `params.yaml`; None is a SQLite file in the checkout.
        environment: wins.
        layout: the checkout.
    """
    uri = environment.get(TRACKING_URI) or address
    if uri and not uri.startswith(_SQLITE):
        return Location(uri, shown(uri), artifacts=None, home=layout.registry)
    own = layout.registry / "mlflow.db"
    database = Path(uri.removeprefix(_SQLITE)).resolve() if uri else own.resolve()
    return Location(
        f"{_SQLITE}{database}",
        shown(uri) if uri else str(own),
        artifacts=(database.parent / "artifacts").as_uri(),
        home=layout.registry,
    )
