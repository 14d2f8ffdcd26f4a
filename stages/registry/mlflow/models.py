"""The versions of one registered model in MLflow's registry, found by their digests.

Reading is here; creating a version is in `registering.py`, stored bytes are in `artifacts.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.errors import RegistryError
from stages.machine.files import tree_digest
from stages.machine.variables import TRACKING_URI
from stages.registry.mlflow.artifacts import Artifacts
from stages.registry.mlflow.failures import reported
from stages.registry.mlflow.location import Location
from stages.registry.mlflow.packing import FOLDER, packed_here
from stages.registry.mlflow.registering import Registrar
from stages.registry.registration import DIGEST, PACKED, Identity, Registration
from stages.registry.shelf import Stored

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
# What MLflow writes for itself.
_OWN_TAGS = "mlflow."


class ModelRegistry:
    """Versions of one registered model.

    A version is found by the digest of its model and, where it matters who vouches for the code and
    requirements beside it, by the packed digests that are `named`; if none is, any will do.
    """

    def __init__(self, client: MlflowClient, location: Location, name: str) -> None:
        self._client = client
        self._location = location
        self._artifacts = Artifacts(location, name)
        self._registrar = Registrar(client, self._artifacts)
        self.name = name

    def find(self, digest: str, named: Collection[str] = ()) -> str | None:
        """Return the version of the model `digest`, or None; the first if there are several."""
        version = self._version(digest, named)
        return str(version.version) if version else None

    def register(self, registration: Registration) -> Stored:
        """Let the registry hold this model, packed; its bytes are verified.

        A version is made unless there is one of the same bytes.

        Raises:
            RegistryError: what the registry gives back is not what it was given.
            BusyError: another registration is at work.
        """
        with self._location.lock(), reported(self._location), _packed(registration) as packed:
            identity = Identity(registration.digest, tree_digest(packed))
            version = self._version(identity.model, {str(identity.packed)})
            if version is None:
                version = self._registrar.create(registration, packed, identity)
            else:
                self._artifacts.verify(self._uri(version), identity)
                self._registrar.refresh(version, registration)
        return Stored(str(version.version), str(identity.packed))

    def obtain(self, digest: str, named: Collection[str] = ()) -> Path:
        """Return a folder with the verified bytes of the model `digest`.

        Raises:
            RegistryError: the registry does not have it, or it or what is stored beside it has
                other bytes.
        """
        with reported(self._location):
            version = self._required(digest, named)
            return self._artifacts.obtain(self._uri(version), _identity(version))

    def verify(self, identity: Identity) -> None:
        """Check the bytes that the registry holds under `identity`.

        Raises:
            RegistryError: it has no such version, or the bytes are others.
        """
        with reported(self._location):
            version = self._required(identity.model, identity.named)
            self._artifacts.verify(self._uri(version), identity)

    def models(self) -> list[Identity]:
        """Return what is registered, in the order of the first versions."""
        with reported(self._location):
            versions = self._all_versions()
        return list(dict.fromkeys(_identity(v) for v in versions if v.tags.get(DIGEST)))

    @contextmanager
    def stored(self, identity: Identity) -> Iterator[Registration]:
        """Yield all that the registry holds of a version, its files in a temporary folder.

        Raises:
            RegistryError: the registry does not have it, or its bytes are others.
        """
        with self._artifacts.folder() as folder:
            with reported(self._location):
                version = self._required(identity.model, identity.named)
                packed = self._artifacts.fetch(self._uri(version), folder / "filter")
                self._artifacts.check(packed, identity)
                run = self._client.get_run(str(version.run_id))
                evidence = self._evidence(run, folder / "evidence")
            yield Registration(
                identity.model,
                packed / FOLDER,
                params=run.data.params,
                metrics=run.data.metrics,
                run_tags={k: v for k, v in run.data.tags.items() if not k.startswith(_OWN_TAGS)},
                version_tags=version.tags,
                description=version.description or None,
                evidence=evidence,
                # What nobody vouches for stays behind: the model is packed anew.
                packed=packed if identity.packed else None,
                span=(run.info.start_time, run.info.end_time),
            )

    def holder(self, alias: str) -> Identity | None:
        """Return what `alias` names, or None."""
        with reported(self._location):
            if not self._client.search_registered_models(f"name = '{self.name}'"):
                return None
            model = self._client.get_registered_model(self.name)
            if alias not in model.aliases:
                return None
            version = self._client.get_model_version(self.name, model.aliases[alias])
        return _identity(version) if version.tags.get(DIGEST) else None

    def set_alias(self, alias: str, digest: str, named: Collection[str] = ()) -> None:
        """Let `alias` name the version of the model `digest`.

        Raises:
            RegistryError: the registry has no such model.
        """
        with reported(self._location):
            version = self._required(digest, named)
            self._client.set_registered_model_alias(self.name, alias, str(version.version))

    def _version(self, digest: str, named: Collection[str]) -> ModelVersion | None:
        with reported(self._location):
            versions = self._client.search_model_versions(
                f"name = '{self.name}' and tags.{DIGEST} = '{digest}'"
            )
        fitting = [v for v in versions if not named or v.tags.get(PACKED) in named]
        return min(fitting, key=lambda version: int(version.version), default=None)

    def _all_versions(self) -> list[ModelVersion]:
        found: list[ModelVersion] = []
        page: str | None = None
        while page != "":
            some = self._client.search_model_versions(f"name = '{self.name}'", page_token=page)
            found += some
            page = some.token or ""
        return sorted(found, key=lambda version: int(version.version))

    def _required(self, digest: str, named: Collection[str]) -> ModelVersion:
        version = self._version(digest, named)
        if version is None and named and self._version(digest, ()):
            raise RegistryError(
                f"the registry {self._location.shown} has the model {digest[:12]} with other code "
                f"or requirements than those that a receipt in git names",
                expected=" or ".join(f"the packed digest {one[:12]}" for one in sorted(named)),
                fix=f"dvc repro register, or set {TRACKING_URI} to the registry that has it",
            )
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


def _identity(version: ModelVersion) -> Identity:
    return Identity(version.tags[DIGEST], version.tags.get(PACKED))


def _packed(registration: Registration) -> AbstractContextManager[Path]:
    """Return the folder of the filter: as another registry stored it, or packed now."""
    if registration.packed is not None:
        return nullcontext(registration.packed)
    return packed_here(registration.folder)
