"""`python -m stages replay`, on eight weeks of mail that change in the sixth."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from stages.machine.files import tree_digest
from tests.command_line.project import Project
from tests.command_line.samples import write_mail
from tests.replay.replay_samples import CHANGE, stream

CALL = ("replay", "--from", "2024-01-22", "--to", "2024-02-26")
WEEKS = 5


@pytest.fixture(scope="module")
def living(fetched: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A checkout under git whose source are the eight weeks; encoded once for all these tests."""
    folder = tmp_path_factory.mktemp("replay") / "project"
    folder.mkdir()
    shutil.copytree(fetched.folder / "conf", folder / "conf")
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(fetched.folder / name, folder)
    shutil.copy(fetched.root / ".gitignore", folder)
    cache = {"SPAMLINE_CACHE": str(folder.parent / "cache")}
    project = Project(fetched.root, folder, fetched.environment | cache)
    project.edit(drift__min_window=40, window__start="2024-01-01", window__until="2024-01-22")
    project.edit(window__batch_from="2024-01-22", window__batch_to="2024-01-29")
    write_mail(folder / "mail/mail.parquet", stream())
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    git(project, *author, "commit", "--quiet", "--message", "the project")
    return project


def git(project: Project, *arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=True)
    return done.stdout


def results(project: Project, scratch: str = "data/replay") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project.folder / scratch / "results.json").read_text())
    return found


@pytest.mark.slow
def test_three_policies_live_through_a_change_and_the_checkout_is_as_it_was(
    living: Project,
) -> None:
    before = tree_digest(living.folder / "conf")
    said = living.do(*CALL)
    for name in ("never", "on drift", "every window"):
        assert f" {name} " in said
    found = results(living)
    decisions = {
        name: {window["from"]: window["decision"] for window in policy["windows"]}
        for name, policy in found.items()
    }
    change = CHANGE.isoformat()
    assert list(decisions["drift"]).index(change) == 2
    assert all(decisions[name][change] == "drift" for name in ("never", "drift"))
    assert "drift" not in [d for day, d in decisions["drift"].items() if day < change]
    totals = {name: policy["total"] for name, policy in found.items()}
    assert totals["never"]["promoted"] + totals["never"]["refused"] == 0
    # Nobody would be scored by a model of the last window.
    assert totals["always"]["promoted"] + totals["always"]["refused"] == WEEKS - 1
    assert 0 < totals["drift"]["promoted"] + totals["drift"]["refused"] < WEEKS - 1
    # What two policies learn from the same mail is trained once.
    trained = list((living.folder / "data/replay/models").glob("*.json"))
    assert len(trained) == WEEKS
    assert git(living, "status", "--porcelain") == ""
    assert not (living.folder / "data/register").exists()
    assert not (living.folder / "data/monitor").exists()
    assert not list(living.folder.rglob("*.db"))
    assert tree_digest(living.folder / "conf") == before


@pytest.mark.slow
def test_a_killed_replay_goes_on_and_ends_with_the_same_bytes(living: Project) -> None:
    call = (*CALL, "--policies", "drift", "--scratch")
    living.do(*call, "data/replay/whole")
    process = living.start(*call, "data/replay/killed")
    assert process.stdout
    lines: list[str] = []
    while not lines or "drift 3/5" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], "the replay ended"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    records = living.folder / "data/replay/killed/drift/windows"
    kept = {path: path.stat().st_mtime_ns for path in records.glob("*.json")}
    assert len(kept) >= 3
    living.do(*call, "data/replay/killed")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    for name in ("results.json", "replay.svg"):
        whole, killed = (living.folder / "data/replay" / run / name for run in ("whole", "killed"))
        assert whole.read_bytes() == killed.read_bytes()


@pytest.mark.slow
def test_a_first_model_that_the_gate_refuses_is_told_with_the_gates_reason(living: Project) -> None:
    living.edit(gate__min_holdout=1000)
    status, _, err = living.run(*CALL, "--scratch", "data/replay/refused")
    living.edit(gate__min_holdout=10)
    assert status == 3
    assert "the gate refuses the first model: the holdout has" in err
    assert "a later --from" in err.splitlines()[-1]


@pytest.mark.slow
def test_what_cannot_be_replayed_is_one_line(living: Project, tmp_path: Path) -> None:
    line = living.refuse("replay", "--from", "2024-02-20", "--to", "2024-02-23")
    assert "no window of 7 days lies between 2024-02-20 and 2024-02-23" in line
    # The source ends before.
    line = living.refuse("replay", "--from", "2030-01-01", "--to", "2030-03-01")
    assert "no window of 7 days lies between 2030-01-01 and 2024-02-26" in line
    (tmp_path / "thesis.txt").write_text("mine")
    line = living.refuse(*CALL, "--scratch", str(tmp_path))
    assert "holds files, but no replay" in line
    lock = living.folder / "data/busy/.replay.lock"
    lock.parent.mkdir(parents=True)
    with FileLock(lock):
        assert "a replay is already running" in living.refuse(*CALL, "--scratch", "data/busy")
    shutil.rmtree(lock.parent)
    status, _, err = living.run("replay", "--policies", "sometimes")
    assert status == 2
    assert "'sometimes' is not one of 'never', 'drift', 'always'" in err
    status, _, err = living.run("replay", "--from", "yesterday")
    assert status == 2
    assert "'yesterday' is not a date such as 2002-08-05" in err
