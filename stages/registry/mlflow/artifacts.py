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

    def obtain(self, uri: str, digest: str) -> Path:
        """Return the folder that keeps the model `digest`, filled from `uri` unless it is whole."""
        target = self.location.home / "models" / digest
        with self._fetched(uri, digest) as folder:
            if not target.is_dir() or tree_digest(target) != digest:
                with replacing(target) as temporary:
                    folder.rename(temporary)
        return target

    def verify(self, uri: str, digest: str) -> None:
        """Download what `uri` holds and check it.

        Raises:
            RegistryError: it is not the model `digest`.
        """
        with self._fetched(uri, digest):
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

    def check(self, folder: Path, digest: str) -> None:
        """Check the model in `folder`, as it was downloaded.

        Raises:
            RegistryError: it is not the model `digest`.
        """
        found = tree_digest(folder)
        if found != digest:
            raise RegistryError(
                f"the registry {self.location.shown} holds other bytes ({found[:12]}) under "
                f"the model {digest[:12]}",
                expected="the bytes that were registered",
                fix=self.location.fix_for_damage(self.name),
            )

    @contextmanager
    def _fetched(self, uri: str, digest: str) -> Iterator[Path]:
        """Yield a temporary folder with the model folder below `uri`, which has `digest`."""
        with self.folder() as temporary:
            folder = self.fetch(f"{uri}/{FOLDER}", temporary)
            self.check(folder, digest)
            yield folder
