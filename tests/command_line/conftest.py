"""A project of 300 mails, fetched once; a copy of it for each test."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pytest

from stages import config
from stages.records.specification import write_specification
from tests.command_line.project import Project
from tests.command_line.samples import mail, write_evaluation, write_mail
from tests.registry.samples import SPECIFICATION


@pytest.fixture(scope="session")
def fetched(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of 300 mails in a Parquet file, fetched."""
    folder = tmp_path_factory.mktemp("command-line")
    shutil.copytree(root / "conf", folder / "conf")
    shutil.copy(root / "dvc.yaml", folder)
    foreign = ("AWS", "MLFLOW", "SPAMLINE", "GITHUB", "npm_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    proxies = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    environment = {k: v for k, v in kept.items() if k not in proxies} | {"PYTHONPATH": str(root)}
    project = Project(root, folder, environment)
    tree = config.compose(["source=files", "size=small"], root / "conf")
    tree["window"] |= {
        "until": "2024-01-29",
        "holdout_days": 7,
        "batch_from": "2024-01-29",
        "batch_to": "2024-02-05",
    }
    (folder / "params.yaml").write_text(config.params_text(tree))
    write_mail(folder / "mail/mail.parquet", mail())
    assert "holdout 56 (28 spam), batch 56" in project.do("fetch")
    return project


@pytest.fixture
def project(fetched: Project, tmp_path: Path) -> Project:
    """A copy of the fetched project, for one test."""
    folder = tmp_path / "project"
    shutil.copytree(fetched.folder, folder)
    own = {"SPAMLINE_CACHE": str(tmp_path / "cache"), "npm_config_cache": str(tmp_path / "npm")}
    return dataclasses.replace(fetched, folder=folder, environment=fetched.environment | own)


@pytest.fixture
def evaluated(project: Project) -> Project:
    """The project with a model, what the other stages leave beside it, and no registry yet."""
    model = project.folder / "data/train/model"
    model.mkdir(parents=True)
    write_specification(model, SPECIFICATION)
    (model / "classifier.skops").write_text("weights")
    write_evaluation(project)
    return project


@pytest.fixture
def trained(project: Project, tiny_filter: Path) -> Project:
    """The same with a real small model, which can score the batch."""
    shutil.copytree(tiny_filter, project.folder / "data/train/model")
    write_evaluation(project)
    return project
