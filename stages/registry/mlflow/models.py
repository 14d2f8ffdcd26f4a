"""The versions of one registered model in MLflow's registry, found by model digest.

Reading is here; creating a version is in `registering.py`, stored bytes are in `artifacts.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.errors import RegistryError
from stages.machine.variables import TRACKING_URI
from stages.registry.mlflow.artifacts import Artifacts
from stages.registry.mlflow.failures import reported
from stages.registry.mlflow.location import Location
from stages.registry.mlflow.packing import FOLDER
from stages.registry.mlflow.registering import Registrar
from stages.registry.registration import DIGEST, Registration

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
# What MLflow writes for itself.
_OWN_TAGS = "mlflow."


class ModelRegistry:
    """Versions of one registered model, by digest."""

    def __init__(self, client: MlflowClient, location: Location, name: str) -> None:
        self._client = client
        self._location = location
        self._artifacts = Artifacts(location, name)
        self._registrar = Registrar(client, self._artifacts)
        self.name = name

    def find(self, digest: str) -> str | None:
        """Return the version of the model `digest`, or None; the first if there are several."""
        version = self._version(digest)
        return str(version.version) if version else None

    def register(self, registration: Registration) -> str:
        """Return the version of this model, made now unless it exists; its bytes are verified.

        Raises:
            RegistryError: what the registry gives back is not the model `digest`.
            BusyError: another registration is at work.
        """
        with self._location.lock(), reported(self._location):
            version = self._version(registration.digest)
            if version is None:
                version = self._registrar.create(registration)
            else:
                self._artifacts.verify(self._uri(version), registration.digest)
                self._registrar.refresh(version, registration)
        return str(version.version)

    def obtain(self, digest: str) -> Path:
        """Return a folder with the verified bytes of the model `digest`.

        Raises:
            RegistryError: the registry does not have it, or its bytes are others.
        """
        with reported(self._location):
            return self._artifacts.obtain(self._uri(self._required(digest)), digest)

    def verify(self, digest: str) -> None:
        """Check the bytes that the registry holds under the model `digest`.

        Raises:
            RegistryError: it has no such model, or the bytes are others.
        """
        with reported(self._location):
            self._artifacts.verify(self._uri(self._required(digest)), digest)

    def models(self) -> list[str]:
        """Return the digests of the registered models, in the order of their first versions."""
        with reported(self._location):
            versions = self._all_versions()
        digests = [version.tags.get(DIGEST) for version in versions]
        return list(dict.fromkeys(digest for digest in digests if digest))

    @contextmanager
    def stored(self, digest: str) -> Iterator[Registration]:
        """Yield all that the registry holds of the model `digest`, its files in a temporary folder.

        Raises:
            RegistryError: the registry does not have it, or its bytes are others.
        """
        with self._artifacts.folder() as folder:
            with reported(self._location):
                version = self._required(digest)
                packed = self._artifacts.fetch(self._uri(version), folder / "filter")
                self._artifacts.check(packed / FOLDER, digest)
                run = self._client.get_run(str(version.run_id))
                evidence = self._evidence(run, folder / "evidence")
            yield Registration(
                digest,
                packed / FOLDER,
                params=run.data.params,
                metrics=run.data.metrics,
                run_tags={k: v for k, v in run.data.tags.items() if not k.startswith(_OWN_TAGS)},
                version_tags=version.tags,
                description=version.description or None,
                evidence=evidence,
                packed=packed,
                span=(run.info.start_time, run.info.end_time),
            )

    def holder(self, alias: str) -> str | None:
        """Return the digest of the model that `alias` names, or None."""
        with reported(self._location):
            if not self._client.search_registered_models(f"name = '{self.name}'"):
                return None
            model = self._client.get_registered_model(self.name)
            if alias not in model.aliases:
                return None
            version = self._client.get_model_version(self.name, model.aliases[alias])
        return version.tags.get(DIGEST)

    def set_alias(self, alias: str, digest: str) -> None:
        """Let `alias` name the version of the model `digest`.

        Raises:
            RegistryError: the registry has no such model.
        """
        with reported(self._location):
            version = self._required(digest)
            self._client.set_registered_model_alias(self.name, alias, str(version.version))

    def _version(self, digest: str) -> ModelVersion | None:
        with reported(self._location):
            versions = self._client.search_model_versions(
                f"name = '{self.name}' and tags.{DIGEST} = '{digest}'"
            )
        return min(versions, key=lambda version: int(version.version), default=None)

    def _all_versions(self) -> list[ModelVersion]:
        found: list[ModelVersion] = []
        page: str | None = None
        while page != "":
            some = self._client.search_model_versions(f"name = '{self.name}'", page_token=page)
            found += some
            page = some.token or ""
        return sorted(found, key=lambda version: int(version.version))

    def _required(self, digest: str) -> ModelVersion:
        version = self._version(digest)
        if version is None:
            raise RegistryError(
                f"the registry {self._location.shown} has no model {digest[:12]}",
                expected="the model that data/production.json names",
                fix="`make run` trains here and makes its own accepted candidate the local "
                f"production model, or set {TRACKING_URI} to the registry that has it",
            )
        return version

    def _uri(self, version: ModelVersion) -> str:
        return self._client.get_model_version_download_uri(self.name, str(version.version))

    def _evidence(self, run: Run, folder: Path) -> tuple[Path, ...]:
        """Return the files and folders that were stored with `run`, downloaded into `folder`."""
        folder.mkdir()
        items = self._client.list_artifacts(run.info.run_id)
        return tuple(
            Path(self._client.download_artifacts(run.info.run_id, item.path, str(folder)))
            for item in items
        )
