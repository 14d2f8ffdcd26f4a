"""The adapter of MLflow's registry; `packing.py` is the one of its model format.

A version is known by its model digest, a tag that is set in the same call that creates it: a
registration killed at any moment leaves a version with verified bytes, or none.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stages import config
from stages.machine.errors import RegistryError
from stages.machine.files import replacing, scratch, tree_digest
from stages.machine.variables import TRACKING_URI
from stages.registry.mlflow.location import HOME, Location, locate, quiet_environment
from stages.registry.mlflow.packing import FOLDER, adopt, pack
from stages.registry.registration import DIGEST, Registration, local_registration

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run
    from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
# What MLflow writes for itself.
_OWN_TAGS = "mlflow."
# Seconds for a database to take a connection.
_CONNECT = 5


def open_registry(registry: config.Registry) -> ModelRegistry:
    """Return the registry that the environment, `params.yaml` or this machine's disk names.

    Args:
        registry: the name of the registered model.

    Raises:
        ConfigError: `params.yaml` is missing or wrong.
        RegistryError: it cannot be reached; within about 15 s for a server.
    """
    return open_at(locate(config.load().stores.registry), registry.name)


def open_at(location: Location, name: str) -> ModelRegistry:
    """Return the registry at `location`, for versions of the registered model `name`.

    Raises:
        RegistryError: it cannot be reached; within about 15 s for a server.
    """
    quiet_environment()
    with location.lock(), _reported(location):
        from mlflow import MlflowClient

        _ask_database(location)
        client = MlflowClient(tracking_uri=location.uri, registry_uri=location.uri)
        # The first question makes the database of an embedded registry, or finds a server dead.
        client.search_registered_models(max_results=1)
    return ModelRegistry(client, location, name)


def _ask_database(location: Location) -> None:
    """Connect once to a database that is a registry: MLflow asks a dead one for 100 s."""
    from mlflow.store.db.db_types import DATABASE_ENGINES
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    kind = location.uri.partition(":")[0].partition("+")[0]
    if location.embedded or kind not in DATABASE_ENGINES:
        return
    patience = {"connect_timeout": _CONNECT} if kind in ("postgresql", "mysql") else {}
    try:
        engine = create_engine(location.uri, poolclass=NullPool, connect_args=patience)
    except ValueError:
        # Its words show what stands where the port should: a part of the password, maybe.
        raise RegistryError(
            f"{location.shown} is no address of a database",
            expected=f"{kind}://user:password@host:port/name, the password percent-encoded",
            fix=f"correct {TRACKING_URI}",
        ) from None
    with engine.connect():
        pass


class ModelRegistry:
    """Versions of one registered model, by digest."""

    def __init__(self, client: MlflowClient, location: Location, name: str) -> None:
        self._client = client
        self._location = location
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
        with self._location.lock(), _reported(self._location):
            version = self._version(registration.digest)
            if version is None:
                version = self._create(registration)
            else:
                self._verify(self._uri(version), registration.digest)
                self._say_again(version, registration)
        return str(version.version)

    def obtain(self, digest: str, *, local: Path | None = None) -> Path:
        """Return a folder with the verified bytes of the model `digest`.

        Args:
            digest: the model digest.
            local: a model folder to fill the registry from, where that folder is this very model
                and the registry lacks it: an empty registry beside a matching lock, as every
                fresh clone has.

        Raises:
            RegistryError: the model is neither here nor there, or its bytes are others.
        """
        if self.find(digest) is None and local is not None:
            registration = local_registration(digest, local)
            if registration is not None:
                self.register(registration)
        with _reported(self._location):
            return self._download(self._required(digest))

    def verify(self, digest: str) -> None:
        """Check the bytes that the registry holds under the model `digest`.

        Raises:
            RegistryError: it has no such model, or the bytes are others.
        """
        with _reported(self._location):
            self._verify(self._uri(self._required(digest)), digest)

    def models(self) -> list[str]:
        """Return the digests of the registered models, in the order of their first versions."""
        with _reported(self._location):
            versions = self._all_versions()
        digests = [version.tags.get(DIGEST) for version in versions]
        return list(dict.fromkeys(digest for digest in digests if digest))

    @contextmanager
    def stored(self, digest: str) -> Iterator[Registration]:
        """Yield all that the registry holds of the model `digest`, its files in a temporary folder.

        Raises:
            RegistryError: the registry does not have it, or its bytes are others.
        """
        with scratch(HOME / "fetched") as folder:
            with _reported(self._location):
                version = self._required(digest)
                packed = self._fetch(self._uri(version), folder / "filter")
                self._check(packed / FOLDER, digest)
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
        with _reported(self._location):
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
        with _reported(self._location):
            version = self._required(digest)
            self._client.set_registered_model_alias(self.name, alias, str(version.version))

    def _version(self, digest: str) -> ModelVersion | None:
        with _reported(self._location):
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

    def _create(self, registration: Registration) -> ModelVersion:
        """Store run and model, verify the stored bytes, and only then make the version."""
        experiment = self._experiment()
        with self._run(experiment, registration) as run, tempfile.TemporaryDirectory() as folder:
            self._log(run, registration)
            model = self._store(run, registration, Path(folder) / "filter")
            self._verify(model.artifact_location, registration.digest)
            self._ensure_registered_model()
            return self._client.create_model_version(
                self.name,
                source=model.artifact_location,
                run_id=run.info.run_id,
                model_id=model.model_id,
                tags=dict(registration.version_tags),
                description=registration.description,
            )

    def _say_again(self, version: ModelVersion, registration: Registration) -> None:
        """Let a version that is there say what the receipt says now: the gate may have changed."""
        for key, value in registration.version_tags.items():
            if version.tags.get(key) != value:
                self._client.set_model_version_tag(self.name, str(version.version), key, value)
        words = registration.description
        if words and version.description != words:
            self._client.update_model_version(self.name, str(version.version), words)

    def _experiment(self) -> str:
        experiment = self._client.get_experiment_by_name(self.name)
        if experiment is not None:
            return str(experiment.experiment_id)
        return self._client.create_experiment(self.name, self._location.artifacts)

    def _ensure_registered_model(self) -> None:
        if not self._client.search_registered_models(f"name = '{self.name}'"):
            self._client.create_registered_model(self.name)

    @contextmanager
    def _run(self, experiment: str, registration: Registration) -> Iterator[Run]:
        began, ended = registration.span or (None, None)
        run = self._client.create_run(
            experiment,
            start_time=began,
            run_name=registration.digest[:12],
            tags=dict(registration.run_tags),
        )
        status = "FAILED"
        try:
            yield run
            status = "FINISHED"
        finally:
            self._client.set_terminated(run.info.run_id, status, ended)

    def _log(self, run: Run, registration: Registration) -> None:
        from mlflow.entities import Metric, Param

        self._client.log_batch(
            run.info.run_id,
            metrics=[
                Metric(key, value, run.info.start_time, step=0)
                for key, value in registration.metrics.items()
            ],
            params=[Param(key, value) for key, value in registration.params.items()],
        )
        for path in registration.evidence:
            if path.is_dir():
                self._client.log_artifacts(run.info.run_id, str(path), path.name)
            else:
                self._client.log_artifact(run.info.run_id, str(path))

    def _store(self, run: Run, registration: Registration, folder: Path) -> LoggedModel:
        from mlflow.entities import LoggedModelOutput

        model = self._client.create_logged_model(
            run.info.experiment_id,
            name="filter",
            source_run_id=run.info.run_id,
            tags={DIGEST: registration.digest},
        )
        if registration.packed is None:
            pack(registration.folder, folder, model, run.info.run_id)
        else:
            adopt(registration.packed, folder, model, run.info.run_id)
        self._client.log_model_artifacts(model.model_id, str(folder))
        self._client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, step=0)])
        return self._client.finalize_logged_model(model.model_id, "READY")

    def _download(self, version: ModelVersion) -> Path:
        """Return a local copy of the model folder of `version`, verified."""
        digest = version.tags[DIGEST]
        target = HOME / "models" / digest
        with self._fetched(self._uri(version), digest) as folder:
            if not target.is_dir() or tree_digest(target) != digest:
                with replacing(target) as temporary:
                    folder.rename(temporary)
        return target

    def _uri(self, version: ModelVersion) -> str:
        return self._client.get_model_version_download_uri(self.name, str(version.version))

    def _verify(self, uri: str, digest: str) -> None:
        with self._fetched(uri, digest):
            pass

    @contextmanager
    def _fetched(self, uri: str, digest: str) -> Iterator[Path]:
        """Yield a temporary folder with the model folder below `uri`, which has `digest`."""
        with scratch(HOME / "fetched") as temporary:
            folder = self._fetch(f"{uri}/{FOLDER}", temporary)
            self._check(folder, digest)
            yield folder

    def _fetch(self, uri: str, folder: Path) -> Path:
        """Download what is stored at `uri` into `folder`; return where it stands there."""
        from mlflow.artifacts import download_artifacts

        folder.mkdir(exist_ok=True)
        return Path(
            download_artifacts(
                artifact_uri=uri, dst_path=str(folder), tracking_uri=self._location.uri
            )
        )

    def _check(self, folder: Path, digest: str) -> None:
        found = tree_digest(folder)
        if found != digest:
            raise RegistryError(
                f"the registry {self._location.shown} holds other bytes ({found[:12]}) under "
                f"the model {digest[:12]}",
                expected="the bytes that were registered",
                fix=self._location.fix_for_damage(self.name),
            )

    def _evidence(self, run: Run, folder: Path) -> tuple[Path, ...]:
        """Return the files and folders that were stored with `run`, downloaded into `folder`."""
        folder.mkdir()
        items = self._client.list_artifacts(run.info.run_id)
        return tuple(
            Path(self._client.download_artifacts(run.info.run_id, item.path, str(folder)))
            for item in items
        )


@contextmanager
def _reported(location: Location) -> Iterator[None]:
    """Turn what a missing, dead or broken registry raises into one line."""
    from mlflow.exceptions import MlflowException
    from requests import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, RequestException, SQLAlchemyError, OSError, ImportError) as error:
        # The first line says it; the rest, and any password in the address, help nobody.
        line = (str(_bottom(error)).strip().splitlines() or [""])[0]
        line = line.replace(location.uri, location.shown)
        raise RegistryError(
            f"the registry {location.shown} failed: {line[:200]}",
            expected="an MLflow registry that answers",
            fix=location.fix_for_silence(),
        ) from error


def _bottom(error: BaseException) -> BaseException:
    """Return the operating system's word on it, or the server's, below the words of libraries."""
    from urllib3.exceptions import MaxRetryError

    lowest, below = error, error.__cause__ or error.__context__
    while below is not None:
        # The classes of requests are OSErrors too.
        if isinstance(below, ConnectionError | TimeoutError):
            lowest = below
        elif isinstance(below, MaxRetryError) and below.reason is not None:
            lowest = below.reason
        below = below.__cause__ or below.__context__
    return lowest
