"""S3 is opened in one module: another time-out, or another vendor's client, has one place."""

from __future__ import annotations

import re
from pathlib import Path


def modules_with(root: Path, pattern: str) -> set[str]:
    found = (path for path in (root / "stages").rglob("*.py"))
    texts = {path.relative_to(root).as_posix(): path.read_text() for path in found}
    return {name for name, text in texts.items() if re.search(pattern, text)}


def test_time_outs_and_attempts_are_in_one_module(root: Path) -> None:
    assert modules_with(root, r"read_timeout|max_attempts") == {"stages/stores/s3.py"}


def test_clients_of_s3_are_imported_by_the_stores_alone(root: Path) -> None:
    importing = modules_with(root, r"(from|import) (boto3|botocore|aiobotocore|s3fs)\b")
    assert {name for name in importing if not name.startswith("stages/stores/")} == set()
