"""What a stack without its packages says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from stages.machine.errors import StackError
from stages.stack.postgres import postgres
from stages.stack.s3 import s3
from stages.stack.settings import write_settings


def test_a_server_that_is_not_installed_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = write_settings(tmp_path / ".env")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(StackError, match=r"weed is not installed.*`make up`"):
        s3(tmp_path, settings)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(StackError, match=r"PostgreSQL is not installed.*`make up`"):
        postgres(tmp_path, settings)
