"""`.env`: read by every verb, weaker than the shell, and kept to one line when it is broken."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stages.machine.environment import forget_empty, load_environment, read_environment
from stages.machine.errors import ConfigError


def test_no_file_is_no_settings(tmp_path: Path) -> None:
    assert read_environment(tmp_path / ".env") == {}


def test_the_shell_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=file\nB=file\n")
    environment = {"A": "shell"}
    load_environment(tmp_path / ".env", environment)
    assert environment == {"A": "shell", "B": "file"}


def test_an_empty_variable_of_ours_is_unset_and_others_stay() -> None:
    ours = {"SPAMLINE_CACHE": "", "AWS_PROFILE": "", "GITHUB_TOKEN": "", "MLFLOW_TRACKING_URI": ""}
    kept = {"SPAMLINE_REPLAY": "2026-12-01:2002-08-26", "PAGER": "", "GITHUB_HEAD_REF": ""}
    environment = ours | kept
    forget_empty(environment)
    assert environment == kept


def test_names_in_values_are_the_files_own_as_a_shell_reads_them(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("PORT=1234\nURL=http://127.0.0.1:${PORT}/x\n")
    assert read_environment(path)["URL"] == "http://127.0.0.1:1234/x"
    sourced = subprocess.run(
        ["sh", "-c", f"set -a; . {path}; set +a; echo $URL"], capture_output=True, text=True
    )
    assert sourced.stdout.strip() == "http://127.0.0.1:1234/x"


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe")
    with pytest.raises(ConfigError, match=r"\.env cannot be read"):
        read_environment(tmp_path / ".env")
