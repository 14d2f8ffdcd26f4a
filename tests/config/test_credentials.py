"""A credential in conf/ or params.yaml is refused, with what to do instead, and never shown."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages import config
from stages.cli.entry import main
from stages.config.credentials import refuse_credentials
from stages.machine.address import holds_credentials
from stages.machine.errors import ConfigError
from tests.machine.test_address import PLANTED, WITH_OPTION, WITH_PASSWORD

INSTEAD = {
    "stores.registry": "MLFLOW_TRACKING_URI",
    "stores.history": "SPAMLINE_HISTORY_URL",
    "stores.predictions": "AWS_SECRET_ACCESS_KEY",
    "stores.verdicts": "AWS_SECRET_ACCESS_KEY",
    "source.paths": "AWS_SECRET_ACCESS_KEY",
    "source.package": "docs/environment.md",
}


@pytest.fixture(scope="module")
def tree(root: Path) -> dict[str, Any]:
    return config.compose(["source=files"], conf=root / "conf")


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with conf/ and params.yaml."""
    shutil.copytree(root / "conf", tmp_path / "conf")
    shutil.copy(root / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def with_value(tree: dict[str, Any], key: str, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(tree)
    section, name = key.split(".")
    changed[section][name] = value
    return changed


@pytest.mark.parametrize("key", INSTEAD)
def test_an_address_with_a_credential_is_refused_with_the_variable_to_use(
    tree: dict[str, Any], key: str
) -> None:
    for form in (*WITH_PASSWORD, *WITH_OPTION):
        address = form.format(u="postgresql+psycopg", s=PLANTED)
        if not (key.startswith("stores.") or holds_credentials(address)):
            continue
        for value in (address, [address], {"url": address}, {address: 1}):
            with pytest.raises(ConfigError) as caught:
                config.validate(with_value(tree, key, value), "params.yaml")
            line = str(caught.value)
            assert PLANTED not in line
            assert isinstance(value, dict) or INSTEAD[key] in line
            assert isinstance(value, dict) or key in line
            assert "\n" not in line


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("stores.registry", "http://127.0.0.1:5000"),
        ("stores.registry", "sqlite:////srv/my registry/mlflow.db"),
        ("stores.history", "postgresql+psycopg://db:5432/spamline?sslmode=require"),
        ("stores.predictions", "s3://bucket/predictions"),
        ("stores.verdicts", "/mnt/me@corp/verdicts & more"),
        ("source.paths", ["s3://bucket/year=2026/*.parquet", "mail/2026-??.csv"]),
    ],
)
def test_an_address_without_one_is_taken(tree: dict[str, Any], key: str, value: object) -> None:
    config.validate(with_value(tree, key, value), "params.yaml")


@pytest.mark.parametrize(
    "override",
    [
        *(f"{key}=postgresql://me:{PLANTED}@db/x" for key in INSTEAD),
        f"stores.history='postgresql://me:{PLANTED}@db/x'",
        f"stores.history=postgresql:{PLANTED}",
        f"stores.history=[{PLANTED}",
        f"stores.registry=http://h/?token={PLANTED}",
        f"+stores.new={PLANTED}:{PLANTED}@h",
        f"stores={{history: 'postgresql://me:{PLANTED}@db/x'}}",
        f"source.paths=[s3://me:{PLANTED}@b/x",
        f"source.paths=[s3:{PLANTED}",
        f"postgresql://me:{PLANTED}@db/x=1",
        "stores.verdicts=${oc.env:PLANTED}",
        "source.package=${oc.env:PLANTED}",
    ],
)
def test_an_override_with_one_is_neither_shown_nor_written(
    project: Path,
    override: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLANTED", PLANTED)
    before = (project / "params.yaml").read_bytes()
    assert main(["params", override]) == 2
    said = "".join(capsys.readouterr())
    assert PLANTED not in said
    assert said.count("\n") == 1
    assert (project / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    "line",
    [
        f"history: postgresql://me:{PLANTED}@db/x",
        f"history: postgresql://me:{PLANTED}@db: x",
        f"history: *{PLANTED}",
        f"history: 'postgresql://me:{PLANTED}@db/x",
        f"history: postgresql://me:${{{PLANTED}@db/x",
        f"history: !{PLANTED} x",
        f"history: ${{oc.env:{PLANTED}}}",
        "history: ${oc.env:PLANTED}",
        f"postgresql://me:{PLANTED}@db/x: 1",
        f"histroy: postgresql://me:{PLANTED}@db/x",
    ],
)
@pytest.mark.parametrize("where", ["conf/stores/local.yaml", "params.yaml"])
def test_one_in_a_file_is_neither_shown_nor_written(
    project: Path,
    line: str,
    where: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLANTED", PLANTED)
    text = (project / where).read_text()
    indent = "  " if where == "params.yaml" else ""
    (project / where).write_text(text.replace(f"{indent}history: null", f"{indent}{line}"))
    before = (project / "params.yaml").read_bytes()
    verbs = [["params", "--check"], *([] if where == "params.yaml" else [["params"]])]
    for words in verbs:
        assert main(words) == 2
        said = "".join(capsys.readouterr())
        assert PLANTED not in said
        assert said.count("\n") == 1
    assert (project / "params.yaml").read_bytes() == before
    if where == "params.yaml":
        with pytest.raises(ConfigError) as caught:
            config.load()
        assert PLANTED not in str(caught.value)


def test_aliases_that_lead_back_are_no_endless_walk(tree: dict[str, Any]) -> None:
    loop: list[object] = []
    loop.append(loop)
    refuse_credentials({"a": loop, "b": loop}, "params.yaml")
    assert yaml.safe_dump(tree)
