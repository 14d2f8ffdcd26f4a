"""What a person sees whose registry or production model is missing or is another one."""

from __future__ import annotations

import shutil
import socket
import time

import pytest

from stages.machine.files import tree_digest
from stages.machine.variables import TRACKING_URI
from stages.records.layout import Layout
from stages.records.pointer import Pointer
from tests.command_line.project import DEAD, Project
from tests.command_line.samples import in_production
from tests.registry.samples import receipt_of


def test_no_production_model(evaluated: Project) -> None:
    line = evaluated.refuse("infer")
    assert "nothing is in production yet" in line
    (Layout(evaluated.folder).pointer).write_text('{"model": "newest"}\n')
    assert "git checkout -- data/production.json" in evaluated.refuse("infer")


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["register", "infer", "monitor", "promote"])
def test_a_registry_that_is_not_there(evaluated: Project, verb: str) -> None:
    digest = in_production(evaluated)
    if verb == "promote":
        receipt_of(digest).write(Layout(evaluated.folder))
    if verb == "monitor":
        (evaluated.folder / "data/infer/predictions").mkdir(parents=True)
    evaluated.environment[TRACKING_URI] = DEAD.replace("//", "//user:secret@")
    began = time.monotonic()
    line = evaluated.refuse(verb)
    assert time.monotonic() - began < 15
    for words in (f"the registry {DEAD} failed", "Connection refused", TRACKING_URI):
        assert words in line
    assert "secret" not in line


@pytest.mark.slow
def test_a_registry_that_takes_the_call_and_is_silent(evaluated: Project) -> None:
    in_production(evaluated)
    with socket.create_server(("127.0.0.1", 0)) as server:
        evaluated.environment[TRACKING_URI] = f"http://127.0.0.1:{server.getsockname()[1]}"
        began = time.monotonic()
        assert "failed: timed out" in evaluated.refuse("infer")
    # Two attempts of five seconds, and what the imports take.
    assert time.monotonic() - began < 20


@pytest.mark.slow
@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("htp://127.0.0.1", "unsupported URI 'htp://127.0.0.1'"),
        ("postgresql+psycopg://user:secret@127.0.0.1:9/x", "Connection refused"),
        ("postgresql+psycopg://user:sec@ret:secret@127.0.0.1/x", "percent-encoded"),
        ("postgresql+nodriver://user:secret@127.0.0.1/x", "nodriver"),
        ("sqlite:////dev/null/mlflow.db", "the registry sqlite:////dev/null/mlflow.db failed"),
    ],
)
def test_an_address_that_is_no_registry(evaluated: Project, uri: str, words: str) -> None:
    in_production(evaluated)
    evaluated.environment[TRACKING_URI] = uri
    began = time.monotonic()
    line = evaluated.refuse("infer")
    # MLflow alone asks a dead database for 100 s.
    assert time.monotonic() - began < 20
    assert words in line
    assert "secret" not in line


@pytest.mark.slow
def test_a_registry_file_that_is_damaged(evaluated: Project) -> None:
    in_production(evaluated)
    database = evaluated.folder / "data/register/mlflow/mlflow.db"
    database.parent.mkdir(parents=True)
    database.write_text("this is no database " * 100)
    line = evaluated.refuse("infer")
    assert "file is not a database" in line
    assert "remove data/register/mlflow" in line


@pytest.mark.slow
def test_a_model_that_is_not_the_evaluated_one(evaluated: Project) -> None:
    (evaluated.folder / "data/train/model/classifier.skops").write_text("other weights")
    line = evaluated.refuse("register")
    assert "the model that was evaluated" in line
    assert "dvc repro" in line


def test_a_report_of_no_model_is_one_line(evaluated: Project) -> None:
    (evaluated.folder / "data/evaluate/report.json").write_text("{}")
    line = evaluated.refuse("register")
    assert "data/evaluate/report.json cannot be read: confidence: Field required" in line
    assert "dvc repro evaluate" in line


@pytest.mark.slow
def test_a_registered_model_that_was_tampered_with(evaluated: Project) -> None:
    evaluated.do("register")
    evaluated.do("promote")
    stored = evaluated.folder.glob("data/register/mlflow/artifacts/**/classifier.skops")
    for path in stored:
        path.write_text("other weights")
    line = evaluated.refuse("infer")
    for words in ("holds other bytes", "the bytes that were registered", "data/register/mlflow"):
        assert words in line
    shutil.rmtree(evaluated.folder / "data/train/model")
    assert "holds other bytes" in evaluated.refuse("infer")


@pytest.mark.slow
def test_a_production_model_that_nobody_has(evaluated: Project) -> None:
    Pointer("spamline", "f" * 64, None).write(Layout(evaluated.folder))
    line = evaluated.refuse("infer")
    assert "has no model ffffffffffff" in line
    assert "`make run`" in line


@pytest.mark.slow
def test_a_gate_that_says_no_is_status_3(evaluated: Project) -> None:
    digest = tree_digest(evaluated.folder / "data/train/model")
    receipt_of(digest, accepted=False).write(Layout(evaluated.folder))
    line = evaluated.refuse("promote", status=3)
    assert "was refused: a reason with numbers" in line
