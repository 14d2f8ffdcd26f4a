"""PostgreSQL as root, which it refuses to be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stages.machine.errors import StackError
from stages.stack.postgres import postgres
from stages.stack.settings import write_settings


def test_root_without_setpriv_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = write_settings(tmp_path / ".env")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match=r"no setpriv to run it as nobody.*util-linux"):
        postgres(tmp_path, settings)


def test_another_user_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = write_settings(tmp_path / ".env")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Path(postgres(tmp_path, settings).command[0]).name == "postgres"
