"""What `.env` holds: ports, generated credentials, and the addresses that follow from them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from stages.machine.environment import read_environment
from stages.machine.errors import ConfigError
from stages.machine.files import replacing
from stages.machine.variables import (
    ADMINER_PORT,
    DB_PASSWORD,
    GRAFANA_PASSWORD,
    GRAFANA_PORT,
    HISTORY_URL,
    MLFLOW_PORT,
    POSTGRES_PASSWORD,
    POSTGRES_PORT,
    PREDICTIONS_URL,
    READER_PASSWORD,
    S3_ENDPOINT,
    S3_KEY,
    S3_PORT,
    S3_REGION,
    S3_SECRET,
    TRACKING_URI,
    VERDICTS_URL,
)

BUCKET = "spamline"
# SeaweedFS' servers, on consecutive ports; alone it would take its well-known ones.
S3_SERVERS = tuple(
    f"{server}{kind}"
    for server in ("s3", "master", "volume", "filer", "admin")
    for kind in ("", ".grpc")
)
# Those after the one for S3 itself.
S3_PORTS = len(S3_SERVERS) - 1
PORTS: dict[str, int] = {
    S3_PORT: 8333,
    POSTGRES_PORT: 5433,
    MLFLOW_PORT: 5000,
    # Of compose.yaml only.
    ADMINER_PORT: 8080,
    GRAFANA_PORT: 3000,
}
_SECRET_BYTES = 24


def _secret() -> str:
    # Hexadecimal: it stands in addresses, shell words and SQL as it is.
    return secrets.token_hex(_SECRET_BYTES)


# The generated ones: each is made once and never shown.
SECRETS: dict[str, Callable[[], str]] = {
    S3_KEY: lambda: f"SPAMLINE{secrets.token_hex(6).upper()}",
    S3_SECRET: _secret,
    POSTGRES_PASSWORD: _secret,
    DB_PASSWORD: _secret,
    READER_PASSWORD: _secret,
    GRAFANA_PASSWORD: _secret,
}
ADDRESSES: dict[str, str] = {
    S3_REGION: "us-east-1",
    S3_ENDPOINT: "http://127.0.0.1:${SPAMLINE_S3_PORT}",
    TRACKING_URI: "http://127.0.0.1:${SPAMLINE_MLFLOW_PORT}",
    HISTORY_URL: "postgresql+psycopg://spamline:${SPAMLINE_DB_PASSWORD}"
    "@127.0.0.1:${SPAMLINE_POSTGRES_PORT}/spamline",
    PREDICTIONS_URL: f"s3://{BUCKET}/predictions",
    VERDICTS_URL: f"s3://{BUCKET}/verdicts",
}
_HEADER = """\
# Made by `make env`: the team's services on this machine. Not for git: it holds credentials.
# `make` and `python -m stages` read it; for other programs: set -a; . ./.env; set +a
"""


def write_settings(path: Path, ports: Mapping[str, int] = PORTS) -> dict[str, str]:
    """Add what `path` lacks, generating credentials; return all that it then says.

    Args:
        path: the file, made readable by its owner alone; lines that are there stay as they are.
        ports: the ports to write where the file names none.

    Raises:
        ConfigError: the file cannot be read, or a port in it is none.
    """
    found = read_environment(path)
    text = path.read_text(encoding="utf-8") if path.exists() else _HEADER
    lines = [f"{name}={port}" for name, port in ports.items() if name not in found]
    lines += [f"{name}={make()}" for name, make in SECRETS.items() if name not in found]
    lines += [f"{name}={value}" for name, value in ADDRESSES.items() if name not in found]
    if lines:
        with replacing(path) as temporary:
            temporary.touch(mode=0o600)
            end = "" if text.endswith("\n") or not text else "\n"
            temporary.write_text(text + end + "\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(0o600)
    settings = read_environment(path)
    for name in ports:
        port(settings, name)
    return settings


def port(settings: Mapping[str, str], name: str) -> int:
    """Return the port that `settings` names.

    Raises:
        ConfigError: it is not a port.
    """
    text = settings[name]
    if not text.isdigit() or not 0 < int(text) < 65536 - S3_PORTS:
        raise ConfigError(
            f".env has {name}={text!r}",
            expected=f"a port from 1 to {65535 - S3_PORTS}",
            fix="correct it in .env, then `make up`",
        )
    return int(text)
