"""The MLflow server: runs and models in PostgreSQL, their artifacts in S3."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from stages.machine.variables import (
    DB_PASSWORD,
    MLFLOW_PORT,
    POSTGRES_PORT,
    S3_ENDPOINT,
    S3_PORT,
    S3_REGION,
)
from stages.stack.s3 import VARIABLES
from stages.stack.service import ANSWER_SECONDS, HOST, Service
from stages.stack.settings import BUCKET, port


def mlflow(folder: Path, settings: Mapping[str, str]) -> Service:
    """Return the MLflow server; its address and stores from `settings` (`.env`)."""
    number = port(settings, MLFLOW_PORT)
    database = port(settings, POSTGRES_PORT)
    password = settings[DB_PASSWORD]
    return Service(
        name="mlflow",
        title="MLflow",
        command=(
            *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
            *("--host", HOST, "--port", str(number)),
            *("--allowed-hosts", f"{HOST}:{number},localhost:{number}"),
        ),
        environment={
            **{name: settings[name] for name in VARIABLES},
            S3_REGION: "us-east-1",
            S3_ENDPOINT: f"http://{HOST}:{settings[S3_PORT]}",
            "MLFLOW_BACKEND_STORE_URI": f"postgresql+psycopg://spamline:{password}"
            f"@{HOST}:{database}/mlflow",
            "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{BUCKET}/mlflow",
            # A job runner of its own, a thousand megabytes, for what we don't use.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        folder=folder,
        ports={"mlflow": number},
        variable=MLFLOW_PORT,
        answers=lambda: _mlflow_answers(number),
    )


def _mlflow_answers(number: int) -> bool:
    import requests

    try:
        with requests.Session() as session:
            # A proxy of the environment is not for this machine's own servers.
            session.trust_env = False
            answer = session.get(f"http://{HOST}:{number}/health", timeout=ANSWER_SECONDS)
    except requests.RequestException:
        return False
    return answer.ok
