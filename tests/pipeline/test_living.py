"""Life after the first run: experiments, killed stages, a new week of mail."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from stages import config
from stages.drift.comparison import comparison_of
from stages.drift.inputs import read_reference
from stages.machine.files import exclusive
from stages.records.layout import Layout
from stages.records.pointer import Pointer
from tests.pipeline.conftest import Clone

pytestmark = pytest.mark.slow

# The server takes its time to listen.
CURL = "curl -s --retry 60 --retry-delay 1 --retry-connrefused"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_experiment_composes_and_never_registers(clone: Clone) -> None:
    choices = "classifier=gradient_boosting,random_forest"
    clone.dvc("exp", "run", "--queue", "-S", choices, "evaluate")
    clone.dvc("exp", "run", "-S", "classifier=linear_svm", "--name", "svm", "evaluate")
    assert "kind: linear_svm" in clone.read("params.yaml")
    clone.environment["COLUMNS"] = "200"
    said = clone.stages("compare")
    row = next(line for line in said.splitlines() if line.split()[:1] == ["svm"])
    assert "linear_svm" in row
    assert re.search(r"\d\.\d{4}", row)
    assert sum("queued" in line.lower() for line in said.splitlines()) == 2
    assert not (clone.folder / "data/register/mlflow").exists()


def kill_in_mid_write(clone: Clone, stage: str, *, patience: float = 60) -> None:
    """Start a stage, and kill it and all its children when its first temporary file appears."""
    folder = clone.folder / "data" / stage.split("@")[0]
    started = subprocess.Popen(
        ["dvc", "repro", "--force", "--single-item", stage],
        cwd=clone.folder,
        env=clone.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until = time.monotonic() + patience
    while started.poll() is None and time.monotonic() < until:
        # os.walk passes over what vanishes while it walks.
        if any(
            name.endswith(".tmp") for _, dirs, files in os.walk(folder) for name in dirs + files
        ):
            break
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def test_stages_killed_in_mid_write_run_again_to_the_same_bytes(first: Clone, clone: Clone) -> None:
    for stage in ("fetch", "embed@batch", "train", "evaluate", "register", "infer", "monitor"):
        kill_in_mid_write(clone, stage)
    clone.dvc("repro")
    assert clone.read("dvc.lock") == first.read("dvc.lock")
    assert clone.run("git", "status", "--porcelain") == ""
    # What was left half-written is swept by whoever writes there next.
    for stage in ("fetch", "embed@batch", "train", "evaluate"):
        clone.dvc("repro", "--force", "--single-item", stage)
    assert clone.read("dvc.lock") == first.read("dvc.lock")
    assert not list((clone.folder / "data").rglob(".*.tmp"))


def test_a_stage_and_a_run_started_twice_at_once_are_busy(clone: Clone) -> None:
    for lock, verb in (("data/train/.train.lock", "train"), ("data/.run.lock", "run")):
        with exclusive(clone.folder / lock, verb):
            said = clone.stages(verb, status=2)
        assert f"spamline {verb}: " in said
        assert "already running" in said


def test_a_first_model_that_the_gate_refuses_leaves_the_pointer(clone: Clone) -> None:
    """No model in production, and none that may go there: status 3, and nothing has moved."""
    size = clone.folder / "conf/size/small.yaml"
    size.write_text(size.read_text().replace("min_holdout: 10", "min_holdout: 1000"))
    clone.stages("params")
    pointer = clone.folder / "data/production.json"
    Pointer("spamline", model=None, previous=None).write(Layout(clone.folder))
    before = pointer.read_text()
    said = clone.stages("run", status=3)
    assert "spam; at least 1000 of each are needed" in said
    assert pointer.read_text() == before
    assert clone.stages("promote", status=3).count("\n") == 1


def test_what_fails_below_dvc_keeps_its_exit_status(clone: Clone) -> None:
    (clone.folder / "data/production.json").write_text("{")
    assert "data/production.json cannot be read" in clone.stages("run", status=2)


def test_moving_the_batch_touches_only_the_right_hand_chain(clone: Clone) -> None:
    """A week of September, when the corpus changed: a verdict with reasons, nothing retrained."""
    source = clone.folder / "conf/source/spamassassin.yaml"
    moved = source.read_text().replace('batch_to: "2002-08-26"', 'batch_to: "2002-09-16"')
    moved = moved.replace('batch_from: "2002-08-19"', 'batch_from: "2002-09-09"')
    source.write_text(moved)
    clone.stages("params")
    ran = re.findall(r"Running stage '(\S+)'", clone.dvc("repro"))
    assert ran == ["fetch", "embed@batch", "infer", "monitor"]
    verdict = json.loads(clone.read("data/monitor/drift.json"))
    assert verdict["changed"]
    assert verdict["votes"] >= 2
    assert verdict["reasons"][0].startswith("Mail changed")


def test_windows_drawn_from_the_reference_itself_are_no_drift(first: Clone) -> None:
    """Real mail without its order: the vote has the rate that it promises."""
    reference = read_reference(first.folder / "data/train/model/reference.parquet").sample
    params = config.load(first.folder / "params.yaml")
    votes = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        drawn = np.isin(np.arange(len(reference)), rng.choice(len(reference), 40, replace=False))
        found = comparison_of(
            reference.kept(~drawn),
            reference.kept(drawn),
            drift=params.drift,
            length=dt.timedelta(days=7),
            rng=rng,
        )
        votes += found.vote_p_value <= params.drift.false_alarm_rate
    # At a rate of 1 %, three or more of 40 happen once in 130 such tests.
    assert votes <= 2


def test_the_commands_of_the_readme_work(root: Path, clone: Clone) -> None:
    """Each line of its shell blocks, `make` standing for the verb behind it."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (root / "README.md").read_text(), re.M | re.S)
    everyday, serving = blocks[1], blocks[2]
    # Everything is restored from DVC's cache, and still the registry has the champion.
    clone.stages("run")
    assert (clone.folder / "data/register/mlflow/mlflow.db").exists()
    for line in everyday.splitlines():
        command = line.split("  #")[0].strip()
        if command.startswith("source "):
            continue
        command = re.sub(r"^make (\w+)$", r"python -m stages \1", command)
        clone.run("bash", "-c", command.replace("queue start", "queue start --jobs 1"))
    clone.run("dvc", "queue", "status")
    port = free_port()
    served = serving.replace("5001", str(port)).replace("curl -s", CURL)
    said = clone.run("bash", "-c", f"trap 'kill $(jobs -p)' EXIT\n{served}")
    (answer,) = re.findall(r"\{\"predictions\".*\}", said)
    (prediction,) = json.loads(answer)["predictions"]
    assert prediction["verdict"] in ("ham", "spam")
    assert 0 <= prediction["probability"] <= 1
