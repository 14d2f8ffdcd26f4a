"""What a missing, dead or broken registry raises, as one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stages.machine.errors import RegistryError
from stages.machine.redaction import cleaned
from stages.registry.mlflow.location import Location


@contextmanager
def reported(location: Location) -> Iterator[None]:
    """Turn what the clients of the registry at `location` raise inside into a RegistryError."""
    from mlflow.exceptions import MlflowException
    from requests import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, RequestException, SQLAlchemyError, OSError, ImportError) as error:
        # The first line says it.
        line = cleaned((str(_bottom(error)).strip().splitlines() or [""])[0], location.uri)
        raise RegistryError(
            f"the registry {location.shown} failed: {line[:200]}",
            expected="an MLflow registry that answers",
            fix=location.fix_for_silence(),
        ) from error


def _bottom(error: BaseException) -> BaseException:
    """Return what the operating system or the server said, below the words of libraries."""
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
