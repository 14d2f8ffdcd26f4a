"""S3, opened one way everywhere: the only place that knows its clients and their patience.

Address and credentials come from the environment, as every S3 client reads them:
`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_DEFAULT_REGION`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stages.machine.address import in_doubt, shown
from stages.machine.errors import StoreError
from stages.machine.variables import S3_ENDPOINT, S3_ENDPOINT_FIRST

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from s3fs import S3FileSystem

# Seconds: to connect; for the answer to one small question; for the answer to a large upload.
_CONNECT, _ANSWER, _UPLOAD = 3, 5, 60
# How often an operation is tried: the clients' own defaults take minutes over a dead server.
ATTEMPTS = 2


def filesystem() -> S3FileSystem:
    """Return S3 as fsspec's file system, which pandas, pyarrow and DuckDB take as it is.

    Raises:
        StoreError: the environment's address of S3 is malformed.
    """
    from s3fs import S3FileSystem

    _check_endpoint(os.environ)
    return S3FileSystem(
        config_kwargs={
            "connect_timeout": _CONNECT,
            "read_timeout": _UPLOAD,
            "retries": {"total_max_attempts": ATTEMPTS},
        },
        # Instances and listings are cached, but the environment and other writers change both.
        skip_instance_cache=True,
        use_listings_cache=False,
    )


def _check_endpoint(environment: Mapping[str, str]) -> None:
    """Refuse an address that the client would quote in a ValueError, password and all."""
    for name in (S3_ENDPOINT_FIRST, S3_ENDPOINT):
        address = environment.get(name)
        if address and ("://" not in address or in_doubt(address)):
            raise StoreError(
                f"{name} is malformed ({shown(address)})",
                expected="http://host:port",
                fix=f"correct {name}",
            )


def client(*, profile: str | None = None, proxies: bool = True, **access: str) -> BaseClient:
    """Return the plain client for small questions; it asks once, so failures keep their reason.

    Args:
        profile: a profile of the AWS configuration; the environment's by default.
        proxies: whether the environment's proxies are used; not for this machine's own server.
        access: what wins over the environment, as a botocore client takes it: `endpoint_url`, ….
    """
    from botocore.config import Config
    from botocore.session import Session

    config = Config(
        connect_timeout=_CONNECT,
        read_timeout=_ANSWER,
        retries={"total_max_attempts": 1},
        # None leaves them to the environment; an empty mapping is none at all.
        proxies=None if proxies else {},
    )
    return Session(profile=profile).create_client("s3", **access, config=config)


def client_errors() -> tuple[type[Exception], ...]:
    """Return what a client or the file system raises when the store fails or refuses."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError, OSError


def keeps(client: BaseClient, bucket: str, key: str) -> bool:
    """Return whether an object put under `key` can be read again; it is removed afterwards."""
    content = key.encode()
    try:
        client.put_object(Bucket=bucket, Key=key, Body=content)
        kept = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        client.delete_object(Bucket=bucket, Key=key)
    except client_errors():
        return False
    return bool(kept == content)
