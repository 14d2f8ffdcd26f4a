"""The bytes that a registry stores: downloaded beside where they will be used, and verified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stages.machine.errors import RegistryError
from stages.machine.files import replacing, scratch, tree_digest
from stages.registry.mlflow.location import Location
from stages.registry.mlflow.packing import FOLDER
from stages.registry.registration import Identity


@dataclass(frozen=True)
class Artifacts:
    """The artifacts of the registered model `name` in the registry at `location`."""

    location: Location
    name: str

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Yield a temporary folder for downloads."""
        with scratch(self.location.home / "fetched") as folder:
            yield folder

    def obtain(self, uri: str, identity: Identity) -> Path:
        """Return the folder that keeps the model, filled from `uri` unless it is whole.

        Raises:
            RegistryError: what `uri` holds is not what `identity` says.
        """
        target = self.location.home / "models" / identity.model
        with self._fetched(uri, identity) as packed:
            if not target.is_dir() or tree_digest(target) != identity.model:
                with replacing(target) as temporary:
                    (packed / FOLDER).rename(temporary)
        return target

    def verify(self, uri: str, identity: Identity) -> None:
        """Download what `uri` holds and check it.

        Raises:
            RegistryError: it is not what `identity` says.
        """
        with self._fetched(uri, identity):
            pass

    def fetch(self, uri: str, folder: Path) -> Path:
        """Download what is stored at `uri` into `folder`; return its path there."""
        from mlflow.artifacts import download_artifacts

        folder.mkdir(exist_ok=True)
        return Path(
            download_artifacts(
                artifact_uri=uri, dst_path=str(folder), tracking_uri=self.location.uri
            )
        )

    def check(self, packed: Path, identity: Identity) -> None:
        """Check a packed filter, as it was downloaded.

        Raises:
            RegistryError: the model in it, or anything beside the model, is not what was
                registered.
        """
        self._compare(tree_digest(packed / FOLDER), identity.model, "the model")
        if identity.packed is not None:
            what = f"the code, requirements and description of the model {identity.model[:12]},"
            self._compare(tree_digest(packed), identity.packed, what)

    def _compare(self, found: str, wanted: str, what: str) -> None:
        if found != wanted:
            raise RegistryError(
                f"the registry {self.location.shown} holds other bytes ({found[:12]}) under "
                f"{what} {wanted[:12]}",
                expected="the bytes that were registered",
                fix=self.location.fix_for_damage(self.name),
            )

    @contextmanager
    def _fetched(self, uri: str, identity: Identity) -> Iterator[Path]:
        """Yield a temporary folder with the packed filter at `uri`, which is as `identity` says."""
        with self.folder() as temporary:
            packed = self.fetch(uri, temporary / "filter")
            self.check(packed, identity)
            yield packed
