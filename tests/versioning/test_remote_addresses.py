"""Whatever the address of DVC's remote is, its password is in no line and no folder's name."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from stages.machine.errors import UserError
from stages.records.layout import Layout
from stages.versioning.transfer import push

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one file that DVC tracks."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    Path("file").write_text("x")
    for command in (["git", "init"], ["dvc", "init"], ["dvc", "add", "file"]):
        subprocess.run([*command, "--quiet"], check=True)
    return tmp_path


@pytest.mark.parametrize(
    "address",
    [
        "https://me:Zq7x%40K9vW@127.0.0.1:9/x",
        "https://me:Zq7x@K9vW@127.0.0.1:9/x",
        "ssh://me:Zq7xK9vW@127.0.0.1:9/x",
        "s3://KEY:Zq7xK9vW@bucket/x",
        "https:me:Zq7xK9vW@127.0.0.1/x",
        "me:Zq7xK9vW@127.0.0.1:/x",
    ],
)
def test_of_the_default_remote(
    project: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".dvc/config.local").write_text(
        f"[core]\n    remote = team\n['remote \"team\"']\n    url = {address}\n"
    )
    before = set(project.iterdir())
    with pytest.raises(UserError) as caught:
        push(Layout(project))
    said = str(caught.value) + "".join(capsys.readouterr())
    assert "Zq7x" not in said
    assert "K9vW" not in said
    assert set(project.iterdir()) == before
    inside = [path for path in project.rglob("*") if path.is_file() and path.name != "config.local"]
    assert not [path for path in inside if b"Zq7x" in path.read_bytes() + str(path).encode()]
