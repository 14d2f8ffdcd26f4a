"""`make push` and `make pull` against a real S3 server that dies, refuses, or lacks something."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stages.machine.files import tree_digest
from tests.command_line.project import Project
from tests.servers import Servers

pytestmark = pytest.mark.slow

FILES, BYTES = 30, 1_000_000


@dataclass(frozen=True)
class Clone(Project):
    """A folder with files that DVC tracks, and the environment of whoever works in it."""

    def do(self, *arguments: str) -> str:
        """Return the last line of a call that succeeds."""
        return super().do(*arguments).splitlines()[-1]

    def refuse(self, *arguments: str, **expected: Any) -> str:
        """Return the one line of a call that is refused; no secret is in it."""
        line = super().refuse(*arguments, **expected)
        secret = self.environment.get("AWS_SECRET_ACCESS_KEY", "")
        assert not secret or secret not in line
        return line

    def call(self, *command: str) -> None:
        """Run another program here."""
        subprocess.run(command, cwd=self.folder, env=self.environment, check=True)

    def clone(self, folder: Path) -> Clone:
        """Return a fresh clone, without the files."""
        self.call("git", "clone", "--quiet", str(self.folder), str(folder))
        return Clone(self.root, folder, self.environment)


@pytest.fixture
def clone(
    root: Path,
    s3_environment: dict[str, str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Clone:
    """Forty tracked files, with a prefix of its own in the bucket."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS", "DVC", "SPAMLINE"))}
    environment = kept | {
        **{name: value for name, value in s3_environment.items() if name.startswith("AWS")},
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(tmp_path / "home"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]]),
        "PYTHONPATH": str(root),
        **{f"GIT_{who}_NAME": "A" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "a@example.org" for who in ("AUTHOR", "COMMITTER")},
    }
    clone = Clone(root, tmp_path / "clone", environment)
    (clone.folder / ".dvc").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    config = (root / ".dvc/config").read_text()
    prefix = request.node.name
    own = config.replace("s3://spamline/dvc", f"s3://spamline/{prefix}")
    own = own.replace("enabled = True", "enabled = False")
    assert own.count(prefix) == 1
    (clone.folder / ".dvc/config").write_text(own)
    shutil.copy(root / ".dvc/.gitignore", clone.folder / ".dvc")
    rng = random.Random(prefix)
    (clone.folder / "big").mkdir()
    for number in range(FILES):
        (clone.folder / f"big/{number}").write_bytes(rng.randbytes(BYTES))
    clone.call("git", "init", "--quiet", "--initial-branch", "main")
    clone.call("dvc", "add", "--quiet", "big")
    clone.call("git", "add", "--all")
    clone.call("git", "commit", "--quiet", "--message", "files")
    return clone


@pytest.fixture
def bucket(servers: Servers, s3_environment: dict[str, str], clone: Clone) -> Any:
    """The plain client of the bucket: `list()` and `delete(key)` below the clone's prefix."""
    client = servers.s3_client()
    config = (clone.folder / ".dvc/config").read_text()
    prefix = config.partition("s3://spamline/")[2].partition("\n")[0]

    class Bucket:
        def list(self) -> list[str]:
            found = client.list_objects_v2(Bucket="spamline", Prefix=f"{prefix}/")
            return [item["Key"] for item in found.get("Contents", [])]

        def delete(self, key: str) -> None:
            client.delete_object(Bucket="spamline", Key=key)

    return Bucket()


def test_what_was_pushed_is_pulled_and_a_second_push_sends_nothing(
    clone: Clone, tmp_path: Path
) -> None:
    line = clone.refuse("push", "--check")
    for words in ("it lacks", "first big", "fix: `make push`"):
        assert words in line
    assert f"push: {FILES + 1} files sent" in clone.do("push")
    assert "push: 0 files sent" in clone.do("push")
    assert "has everything" in clone.do("push", "--check")
    second = clone.clone(tmp_path / "second")
    assert f"pull: {FILES + 1} files fetched" in second.do("pull")
    assert tree_digest(second.folder / "big") == tree_digest(clone.folder / "big")


def test_s3_killed_in_mid_push_and_started_again(
    clone: Clone, servers: Servers, bucket: Any, tmp_path: Path
) -> None:
    pushing = clone.start("push")
    while len(bucket.list()) < 3 and pushing.poll() is None:
        time.sleep(0.01)
    servers.kill("s3")
    began = time.monotonic()
    _, err = pushing.communicate(timeout=300)
    assert pushing.returncode == 2, err
    assert time.monotonic() - began < 120
    line = err.splitlines()[-1]
    assert "files did not arrive" in line
    assert "start it (`make up`)" in line
    servers.start("s3")
    arrived = len(bucket.list())
    assert 0 < arrived < FILES + 1
    clone.do("push")
    assert len(bucket.list()) == FILES + 1
    second = clone.clone(tmp_path / "second")
    second.do("pull")
    assert tree_digest(second.folder / "big") == tree_digest(clone.folder / "big")


def test_two_pushes_at_once(clone: Clone, bucket: Any, tmp_path: Path) -> None:
    """In one clone the second is told to wait; from two clones both arrive."""
    pushing = clone.start("push")
    while len(bucket.list()) < 1 and pushing.poll() is None:
        time.sleep(0.01)
    pushing.send_signal(signal.SIGSTOP)
    assert "another DVC command is at work here" in clone.refuse("push")
    pushing.send_signal(signal.SIGCONT)
    _, err = pushing.communicate(timeout=300)
    assert pushing.returncode == 0, err

    for key in bucket.list():
        bucket.delete(key)
    other = clone.clone(tmp_path / "other")
    shutil.copytree(clone.folder / ".dvc/cache", other.folder / ".dvc/cache")
    both = [one.start("push") for one in (clone, other)]
    for process in both:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    assert len(bucket.list()) == FILES + 1
    third = clone.clone(tmp_path / "third")
    third.do("pull")
    assert tree_digest(third.folder / "big") == tree_digest(clone.folder / "big")


def test_a_missing_object_is_named_and_the_others_are_here(
    clone: Clone, bucket: Any, tmp_path: Path
) -> None:
    clone.do("push")
    gone = next(key for key in bucket.list() if not key.endswith(".dir"))
    bucket.delete(gone)
    second = clone.clone(tmp_path / "second")
    line = second.refuse("pull")
    for words in ("it lacks 1 files, first big/", "`make push` where they are", "`make run`"):
        assert words in line
    cached = [path for path in (second.folder / ".dvc/cache/files").rglob("*") if path.is_file()]
    assert len(cached) >= FILES - 1
    assert "it lacks 1 files, first big/" in clone.refuse("push", "--check")
    assert "push: 1 files sent" in clone.do("push")
    second.do("pull")
    assert tree_digest(second.folder / "big") == tree_digest(clone.folder / "big")


WRONG: list[tuple[dict[str, str | None], tuple[str, ...]]] = [
    ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, ("is unreachable", "AWS_ENDPOINT_URL")),
    ({"AWS_ACCESS_KEY_ID": "nobody"}, ("access key is unknown", "AWS_ACCESS_KEY_ID")),
    ({"AWS_SECRET_ACCESS_KEY": "not it"}, ("secret is wrong", "AWS_SECRET_ACCESS_KEY")),
    (
        dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL")),
        ("neither its address nor credentials", "`make up`", "AWS_ENDPOINT_URL"),
    ),
    ({"AWS_ENDPOINT_URL": "http://user:pass@127.0.0.1:9"}, ("http://127.0.0.1:9 is unreachable",)),
]


def test_what_is_wrong_is_told_apart_within_seconds(root: Path, clone: Clone) -> None:
    for number, (changes, words) in enumerate(WRONG):
        environment: dict[str, str | None] = {**clone.environment, **changes}
        changed = Clone(root, clone.folder, {k: v for k, v in environment.items() if v is not None})
        began = time.monotonic()
        line = changed.refuse(("push", "pull")[number % 2])
        assert time.monotonic() - began < 20
        for word in words:
            assert word in line
        assert "user:pass" not in line
    config = clone.folder / ".dvc/config"
    text = config.read_text()
    config.write_text(text.replace("s3://spamline/", "s3://nowhere/"))
    line = clone.refuse("push")
    assert "there is no bucket nowhere" in line
    assert "remote.storage.url in .dvc/config" in line
    config.write_text("[core]\n    analytics = false\n")
    assert "git checkout -- .dvc/config" in clone.refuse("push")


def test_endpoint_and_credentials_may_stand_in_config_local(clone: Clone) -> None:
    names = {
        "endpointurl": "AWS_ENDPOINT_URL",
        "access_key_id": "AWS_ACCESS_KEY_ID",
        "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    }
    for option, variable in names.items():
        value = clone.environment.pop(variable)
        clone.call("dvc", "remote", "modify", "--quiet", "--local", "storage", option, value)
    assert f"push: {FILES + 1} files sent" in clone.do("push")
    clone.call("dvc", "remote", "modify", "--quiet", "--local", "storage", option, "wrong")
    assert "the secret is wrong" in clone.refuse("push")


def test_a_remote_that_is_no_s3_is_nobodys_business_but_dvcs(clone: Clone, tmp_path: Path) -> None:
    config = clone.folder / ".dvc/config"
    lines = [line for line in config.read_text().splitlines() if "_timeout" not in line]
    folder = tmp_path / "remote"
    text = re.sub("s3://.*", str(folder), "\n".join(lines))
    config.write_text(f"{text}\n")
    clone.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    assert f"push: {FILES + 1} files sent; {folder} has everything" in clone.do("push")


@pytest.fixture
def small_volume(clone: Clone, tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes, where this user may mount one."""
    folder = tmp_path / "volume"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={FILES * BYTES // 4}", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_under_the_cache_loses_nothing(
    clone: Clone, small_volume: Path, tmp_path: Path
) -> None:
    clone.do("push")
    second = clone.clone(tmp_path / "second")
    second.call("dvc", "cache", "dir", "--quiet", "--local", str(small_volume / "cache"))
    line = second.refuse("pull")
    assert "No space left on device" in line
    size = f"remount,size={FILES * BYTES * 3}"
    second.call("mount", "-o", size, str(small_volume))
    second.do("pull")
    assert tree_digest(second.folder / "big") == tree_digest(clone.folder / "big")
