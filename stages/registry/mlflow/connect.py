"""Opening a registry: MLflow kept quiet, and a dead server or database noticed within seconds."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

from stages import config
from stages.machine.address import in_doubt, is_folder
from stages.machine.errors import RegistryError
from stages.machine.variables import TRACKING_URI
from stages.records.layout import HERE, Layout
from stages.registry.mlflow.failures import reported
from stages.registry.mlflow.location import Location, locate
from stages.registry.mlflow.models import ModelRegistry

# As MLflow names them, in `mlflow.store.db.db_types`.
_DATABASES = ("postgresql", "mysql", "sqlite", "mssql")
# Seconds for a database to take a connection.
_CONNECT = 5

# Set before MLflow is imported, unless the caller's environment already says otherwise.
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # The pins are ours (`stages.registry.mlflow.requirements`): looking for others takes 25 s.
    "MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK": "true",
    # Else the lock file of whatever project is the current folder is packed with the model.
    "MLFLOW_UV_AUTO_DETECT": "false",
    # By default a dead server is noticed after four minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
}


def open_registry(registry: config.Registry, layout: Layout = HERE) -> ModelRegistry:
    """Return the registry that the environment, `params.yaml` or this machine's disk names.

    Args:
        registry: the name of the registered model.
        layout: the checkout: its parameters, its embedded registry, its copies out of any.

    Raises:
        ConfigError: `params.yaml` is missing or wrong.
        RegistryError: it cannot be reached; within about 15 s for a server.
    """
    address = config.load(layout.params).stores.registry
    return open_at(locate(address, layout=layout), registry.name)


def open_at(location: Location, name: str) -> ModelRegistry:
    """Return the registry at `location`, for versions of the registered model `name`.

    Raises:
        RegistryError: it cannot be reached; within about 15 s for a server.
    """
    _check_address(location)
    quiet_environment()
    with location.lock(), reported(location):
        from mlflow import MlflowClient

        _ask_database(location)
        client = MlflowClient(tracking_uri=location.uri, registry_uri=location.uri)
        # The first question makes the database of an embedded registry, or finds a server dead.
        client.search_registered_models(max_results=1)
    return ModelRegistry(client, location, name)


def quiet_environment(environment: MutableMapping[str, str] = os.environ) -> None:
    """Turn off MLflow's telemetry, chatter and long retries, unless the environment sets them."""
    for name, value in _ENVIRONMENT.items():
        environment.setdefault(name, value)


def _check_address(location: Location) -> None:
    """Refuse an address that MLflow would take for the name of a folder, password and all.

    A database's is its driver's business.
    """
    database = location.uri.removeprefix("sqlite:") if location.embedded else ""
    kind = location.uri.partition("://")[0].partition("+")[0]
    if not is_folder(database) or (
        not location.embedded and in_doubt(location.uri) and kind not in _DATABASES
    ):
        raise RegistryError(
            f"{location.shown} is not the address of a registry",
            expected="http://user:password@host:port, the password percent-encoded",
            fix=f"correct {TRACKING_URI}",
        )


def _ask_database(location: Location) -> None:
    """Connect once to a database that is a registry: MLflow asks a dead one for 100 s."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    kind = location.uri.partition(":")[0].partition("+")[0]
    if location.embedded or kind not in _DATABASES:
        return
    patience = {"connect_timeout": _CONNECT} if kind in ("postgresql", "mysql") else {}
    try:
        engine = create_engine(location.uri, poolclass=NullPool, connect_args=patience)
    except ValueError:
        # Its words show what is in the place of the port: a part of the password, maybe.
        raise RegistryError(
            f"{location.shown} is not the address of a database",
            expected=f"{kind}://user:password@host:port/name, the password percent-encoded",
            fix=f"correct {TRACKING_URI}",
        ) from None
    with engine.connect():
        pass
