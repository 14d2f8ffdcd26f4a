"""Creating a version: its run, its stored model, and last of all the version itself.

The digest is a tag that is set in the same call that creates the version: a registration killed
at any moment leaves a version with verified bytes, or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stages.registry.mlflow.artifacts import Artifacts
from stages.registry.registration import DIGEST, PACKED, Identity, Registration

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run
    from mlflow.entities.model_registry import ModelVersion


@dataclass(frozen=True)
class Registrar:
    """Writes versions of one registered model.

    Args:
        client: the registry's client.
        artifacts: the bytes that the registry stores; names the registry and the model.
    """

    client: MlflowClient
    artifacts: Artifacts

    @property
    def _name(self) -> str:
        return self.artifacts.name

    def create(self, registration: Registration, packed: Path, identity: Identity) -> ModelVersion:
        """Store run and model, verify the stored bytes, and only then make the version.

        Args:
            registration: what the registry shall say of the version.
            packed: the packed filter.
            identity: its digests.
        """
        with self._run(self._experiment(), registration) as run:
            self._log(run, registration)
            model = self._store(run, packed, identity)
            self.artifacts.verify(model.artifact_location, identity)
            self._ensure_registered_model()
            return self.client.create_model_version(
                self._name,
                source=model.artifact_location,
                run_id=run.info.run_id,
                model_id=model.model_id,
                tags={**registration.version_tags, PACKED: str(identity.packed)},
                description=registration.description,
            )

    def refresh(self, version: ModelVersion, registration: Registration) -> None:
        """Let an existing version say what the receipt says now: the gate may have changed."""
        for key, value in registration.version_tags.items():
            if version.tags.get(key) != value:
                self.client.set_model_version_tag(self._name, str(version.version), key, value)
        words = registration.description
        if words and version.description != words:
            self.client.update_model_version(self._name, str(version.version), words)

    def _experiment(self) -> str:
        experiment = self.client.get_experiment_by_name(self._name)
        if experiment is not None:
            return str(experiment.experiment_id)
        return self.client.create_experiment(self._name, self.artifacts.location.artifacts)

    def _ensure_registered_model(self) -> None:
        if not self.client.search_registered_models(f"name = '{self._name}'"):
            self.client.create_registered_model(self._name)

    @contextmanager
    def _run(self, experiment: str, registration: Registration) -> Iterator[Run]:
        began, ended = registration.span or (None, None)
        run = self.client.create_run(
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
            self.client.set_terminated(run.info.run_id, status, ended)

    def _log(self, run: Run, registration: Registration) -> None:
        from mlflow.entities import Metric, Param

        self.client.log_batch(
            run.info.run_id,
            metrics=[
                Metric(key, value, run.info.start_time, step=0)
                for key, value in registration.metrics.items()
            ],
            params=[Param(key, value) for key, value in registration.params.items()],
        )
        for path in registration.evidence:
            if path.is_dir():
                self.client.log_artifacts(run.info.run_id, str(path), path.name)
            else:
                self.client.log_artifact(run.info.run_id, str(path))

    def _store(self, run: Run, packed: Path, identity: Identity) -> LoggedModel:
        from mlflow.entities import LoggedModelOutput

        model = self.client.create_logged_model(
            run.info.experiment_id,
            name="filter",
            source_run_id=run.info.run_id,
            tags={DIGEST: identity.model, PACKED: str(identity.packed)},
        )
        self.client.log_model_artifacts(model.model_id, str(packed))
        self.client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, step=0)])
        return self.client.finalize_logged_model(model.model_id, "READY")
