from pathlib import Path

import pytest

from stages.machine.errors import BusyError, RegistryError
from stages.machine.variables import TRACKING_URI
from stages.records.layout import Layout
from stages.registry.mlflow import location
from stages.registry.mlflow.connect import open_at, quiet_environment
from stages.registry.mlflow.location import locate

SERVER = "http://127.0.0.1:5000"


def test_default_is_a_file_of_this_checkout_by_absolute_address(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    found = locate(None, {}, layout)
    assert found.uri == f"sqlite:///{layout.registry}/mlflow.db"
    assert found.artifacts == f"file://{layout.registry}/artifacts"


def test_conf_names_a_server_and_the_environment_wins() -> None:
    assert locate(SERVER, {}).uri == SERVER
    assert locate(SERVER, {TRACKING_URI: "http://127.0.0.1:6000"}).uri == "http://127.0.0.1:6000"


@pytest.mark.parametrize(
    ("uri", "people_see"),
    [
        ("http://me:secret@127.0.0.1:5000/x", "http://127.0.0.1:5000/x"),
        ("http://127.0.0.1:5000/x?password=secret", "http://127.0.0.1:5000/x"),
        ("http://me:sec/ret#se@cret@127.0.0.1:5000/x", "http://…"),
    ],
)
def test_password_in_the_address_is_not_shown(uri: str, people_see: str) -> None:
    found = locate(None, {TRACKING_URI: uri})
    assert found.uri == uri
    assert found.shown == people_see


@pytest.mark.parametrize(
    "uri",
    [
        "http://me:Zq7x/K9vW@127.0.0.1:5000",
        "http:me:Zq7xK9vW@127.0.0.1",
        "me:Zq7xK9vW@127.0.0.1:5000",
        "/me:Zq7xK9vW@127.0.0.1",
        "sqlite:///me:Zq7xK9vW@127.0.0.1/x.db",
        "sqlite:me:Zq7xK9vW@127.0.0.1/x.db",
        "postgresql:me:Zq7xK9vW@127.0.0.1/x",
    ],
)
def test_an_address_that_would_be_a_folders_name_is_refused(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RegistryError, match="is not the address of a registry") as caught:
        open_at(locate(uri, {}, Layout(tmp_path)), "spamline")
    assert "Zq7x" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_environment_of_the_caller_is_kept() -> None:
    environment = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "60"}
    quiet_environment(environment)
    assert environment["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "60"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_second_process_is_told_that_the_registry_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(location, "_LOCK_SECONDS", 0.1)
    embedded = locate(None, {}, Layout(tmp_path))
    with embedded.lock(), pytest.raises(BusyError, match="locked"), embedded.lock():
        pass
