"""PostgreSQL as root, which it refuses to be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.machine.errors import StackError
from stages.stack import postgres as room
from stages.stack.postgres import postgres
from stages.stack.settings import write_settings


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    """What this machine allows is found out once a process; not across tests."""
    room._unprivileged.cache_clear()
    yield
    room._unprivileged.cache_clear()


def test_root_on_a_machine_that_has_neither_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = write_settings(tmp_path / ".env")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match=r"neither unshare nor setpriv.*util-linux"):
        postgres(tmp_path, settings)


def test_root_where_user_namespaces_are_forbidden_runs_it_as_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = write_settings(tmp_path / ".env")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for name, status in (("unshare", 1), ("setpriv", 0)):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\nexit {status}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert postgres(tmp_path, settings).command[0] == "setpriv"


def test_another_user_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = write_settings(tmp_path / ".env")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Path(postgres(tmp_path, settings).command[0]).name == "postgres"


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a folder that others cannot enter")
def test_a_cluster_and_its_programs_below_a_folder_that_only_root_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root's own home on a fresh machine. Files of an earlier owner are taken over."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    package = room._program("initdb").parents[2]
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(name), home / name, symlinks=True)
    programs = home / package.name / "pginstall18" / "bin"
    monkeypatch.setattr(room, "_program", lambda name: programs / name)
    if room._unprivileged()[0] != "unshare":
        pytest.skip("this machine forbids user namespaces")
    folder = home / "postgres"
    folder.mkdir()
    (folder / "data").mkdir()
    os.chown(folder, 65534, 65534)
    postgres(folder, write_settings(home / ".env")).prepare()
    assert (folder / "data/PG_VERSION").exists()
    assert {path.stat().st_uid for path in (folder, *folder.rglob("*"))} == {0}
