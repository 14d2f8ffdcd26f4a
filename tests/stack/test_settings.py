"""What `make env` writes: everything that is missing, and nothing that is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stages.machine.errors import ConfigError
from stages.stack.settings import ADDRESSES, PORTS, SECRETS, write_settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_it_is_complete_and_for_its_owner_alone(path: Path) -> None:
    settings = write_settings(path)
    assert set(settings) == {*PORTS, *SECRETS, *ADDRESSES}
    assert path.stat().st_mode & 0o777 == 0o600
    assert settings["AWS_ENDPOINT_URL"] == "http://127.0.0.1:8333"
    assert settings["SPAMLINE_DB_PASSWORD"] in settings["SPAMLINE_HISTORY_URL"]


def test_a_second_time_changes_nothing(path: Path) -> None:
    write_settings(path)
    before = path.read_bytes()
    write_settings(path)
    assert path.read_bytes() == before


def test_no_two_are_alike(tmp_path: Path) -> None:
    first, second = (write_settings(tmp_path / name) for name in ("a", "b"))
    generated = [settings[name] for settings in (first, second) for name in SECRETS]
    assert len(set(generated)) == len(generated)


def test_lines_that_are_there_stay_and_others_follow_them(path: Path) -> None:
    path.write_text("# mine\nOTHER=1\nSPAMLINE_S3_PORT=9000\nPOSTGRES_PASSWORD=chosen")
    path.chmod(0o644)
    settings = write_settings(path)
    assert path.read_text().startswith("# mine\nOTHER=1\nSPAMLINE_S3_PORT=9000\nPOSTGRES_PASSWORD=")
    assert settings["POSTGRES_PASSWORD"] == "chosen"  # noqa: S105 -- this very test's
    assert settings["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9000"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("value", ["no", "0", "65530", "-1", ""])
def test_a_port_that_is_none_is_named(path: Path, value: str) -> None:
    path.write_text(f"SPAMLINE_MLFLOW_PORT={value}\n")
    with pytest.raises(ConfigError, match=rf"SPAMLINE_MLFLOW_PORT='{value}'.*a port from 1"):
        write_settings(path)


def test_the_command_names_no_secret_and_git_ignores_the_file(root: Path, path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "stages", "env"],
        cwd=path.parent,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    settings = write_settings(path)
    assert not [name for name in SECRETS if settings[name] in said.stdout + said.stderr]
    ignored = subprocess.run(["git", "check-ignore", "--quiet", ".env"], cwd=root)
    assert ignored.returncode == 0
