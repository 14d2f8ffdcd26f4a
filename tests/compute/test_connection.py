"""A cluster that is not there is one line, and nobody imports Ray who does not ask for it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from stages import config
from stages.compute import open_cluster
from stages.compute.ray_data import connected
from stages.machine.errors import ComputeError, StoreError
from stages.machine.variables import RAY_ADDRESS
from stages.records.layout import Layout
from stages.stores.parts import Bucket, Folder, open_parts
from tests.compute.samples import Doubling, Here, doubled, numbers
from tests.servers import free_port

UNUSED = """
import sys
from pathlib import Path
from stages import config, embed, fetch, infer
from stages.compute import open_cluster
from stages.records.layout import Layout
from stages.run.stage import run_stage
params = config.validate(config.compose(conf=Path(sys.argv[1])), "conf/")
with open_cluster(params.compute, "embed", Layout()) as cluster:
    assert cluster is None
assert not {"ray", "stages.compute.ray_data"} & set(sys.modules)
"""


def compute(parts: str | None = None) -> config.Compute:
    return config.Compute(engine="ray", part_rows=8, parts=parts)


def test_ray_is_not_imported_unless_it_is_asked_for(root: Path) -> None:
    command = [sys.executable, "-c", UNUSED, str(root / "conf")]
    subprocess.run(command, check=True, cwd=root)


def test_no_address_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RAY_ADDRESS, raising=False)
    with (
        pytest.raises(ComputeError, match=r"RAY_ADDRESS is not set; expected host:port") as caught,
        open_cluster(compute(), "embed", Layout()),
    ):
        pass
    assert "choose `compute: local`" in str(caught.value)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("address", ["auto", "host", "ray://host:10001", "host:port", ":6379"])
def test_an_address_is_host_and_port(address: str) -> None:
    with (
        pytest.raises(ComputeError, match="RAY_ADDRESS is malformed"),
        connected({RAY_ADDRESS: address}),
    ):
        pass


def test_a_dead_cluster_is_known_within_seconds() -> None:
    began = time.monotonic()
    with (
        pytest.raises(ComputeError, match=r"cannot be used \(Connection refused\).*ray start"),
        connected({RAY_ADDRESS: f"127.0.0.1:{free_port()}"}),
    ):
        pass
    assert time.monotonic() - began < 5


def test_the_extra_that_is_missing_names_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with (
            pytest.raises(ComputeError, match=r"python -m stages\.pins\.install ray"),
            connected({RAY_ADDRESS: address}),
        ):
            pass


def test_parts_are_in_the_project_in_a_folder_or_in_s3(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert open_parts(compute(), "embed", layout) == Folder(tmp_path / "data/parts/embed")
    assert open_parts(compute("/mnt/x"), "embed", layout) == Folder(Path("/mnt/x/embed"))
    assert open_parts(compute("s3://b/p/"), "embed", layout) == Bucket("s3://b/p/embed")
    with pytest.raises(StoreError, match=r"compute\.parts is not an address in S3"):
        open_parts(compute("s3://"), "embed", layout)


def test_parts_go_when_the_stage_has_succeeded_and_stay_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stages.compute.ray_data.connected", lambda: nullcontext(Here()))
    layout = Layout(tmp_path)

    def run(*, failing: bool) -> None:
        with open_cluster(compute(), "embed", layout) as cluster:
            assert cluster is not None
            found = cluster.mapped(Doubling(), numbers(9), doing="test")
            assert list(found) == list(map(doubled, numbers(9)))
            if failing:
                raise OSError("no room for the result")

    with pytest.raises(OSError, match="no room"):
        run(failing=True)
    assert len(list((tmp_path / "data/parts/embed").iterdir())) == 3
    run(failing=False)
    assert list((tmp_path / "data/parts/embed").iterdir()) == []
