"""Sources that are no ordinary files: refused at once, never waited for, never read without end."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from stages.machine.errors import SourceError
from stages.mail.sources.storage import find
from tests.mail.test_files_source import ROWS, source, write_jsonl


def refusal(pattern: Path | str) -> str:
    with pytest.raises(SourceError) as caught:
        find([str(pattern)], "conf/source/files.yaml")
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("pattern", ["x.jsonl", "*.jsonl", "**/*.jsonl", "x[.]jsonl"])
@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "folder", "link to a pipe"])
def test_what_is_not_a_file_is_refused(tmp_path: Path, kind: str, pattern: str) -> None:
    path, server = tmp_path / "x.jsonl", socket.socket(socket.AF_UNIX)
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            server.bind(os.path.relpath(path))
        case "device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case "link to a pipe":
            os.mkfifo(tmp_path / "pipe")
            path.symlink_to("pipe")
    server.close()
    assert f"{path} is not a file; expected regular files" in refusal(tmp_path / pattern)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/random", "/dev/null", "/dev/tty*"])
def test_devices_are_refused(device: str) -> None:
    assert "is not a file" in refusal(device)


def test_links_that_lead_back_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    write_jsonl(tmp_path / "a" / "a.jsonl", ROWS)
    (tmp_path / "a" / "link.jsonl").symlink_to("a.jsonl")
    # Whoever followed two such links in a folder would find 2^40 paths.
    for name in ("one", "two"):
        (tmp_path / "a" / name).symlink_to("../a")
    found = find([f"{tmp_path}/**/*.jsonl"], "conf")
    assert [file.name for file in found] == ["a.jsonl", "link.jsonl"]


def test_a_link_to_itself_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").symlink_to("x.jsonl")
    for pattern in ("x.jsonl", "*.jsonl", "**/*.jsonl"):
        refusal(tmp_path / pattern)


def test_a_name_that_is_not_utf8_is_said(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xe9.jsonl"))
    write_jsonl(path, ROWS)
    for pattern in ("*.jsonl", "**/*.jsonl"):
        assert rf"{tmp_path}/\xff\xe9.jsonl is not UTF-8" in refusal(tmp_path / pattern)
    # Of the folders above nothing gets into a message.
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xfe"))
    folder.mkdir()
    shutil.move(path, folder / "x.jsonl")
    assert source([f"{tmp_path}/*/*.jsonl"], "jsonl").survey().messages == len(ROWS)


@pytest.mark.parametrize(
    "address",
    ["s3://", "s3:///", "s3:///x", "s3://bucket", "s3://bucket/", "s3://buc ket/x", "s3://b*/x"],
)
def test_an_address_without_bucket_or_key_is_said(address: str) -> None:
    assert "expected s3://bucket/key" in refusal(address)


def test_a_password_in_an_address_is_not_shown() -> None:
    assert "hunter2" not in refusal("s3://me:hunter2@bucket/x")
