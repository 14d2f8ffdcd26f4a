"""What the loop does with git: real repositories, a remote, and others who push meanwhile."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from stages.loop.judging import Judged
from stages.loop.proposal import publish_branch
from stages.loop.retrain import ALLOWED, _to_commit
from stages.loop.window import after
from stages.machine.errors import ConfigError, GitError
from stages.versioning import git
from stages.versioning.checkout import NOTE, newest_main
from tests.review import review_samples

BRANCH = "retrain/2002-08-19_2002-08-26"


class RestartedError(Exception):
    """The command would begin anew here."""


def restart() -> NoReturn:
    raise RestartedError


def run(*arguments: str, folder: Path) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=P", "-c", "user.email=p@example.org", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone on a branch of a person's, one commit beside main; we stand in another clone."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    seed = tmp_path / "seed"
    seed.mkdir()
    run("init", "--quiet", "--initial-branch", "main", folder=seed)
    (seed / "params.yaml").write_text("a: 1\n")
    (seed / "README.md").write_text("read me\n")
    run("add", ".", folder=seed)
    run("commit", "--quiet", "-m", "first", folder=seed)
    run("clone", "--quiet", "--bare", str(seed), str(tmp_path / "bare.git"), folder=tmp_path)
    for name in ("person", "loop"):
        run("clone", "--quiet", str(tmp_path / "bare.git"), str(tmp_path / name), folder=tmp_path)
    monkeypatch.chdir(tmp_path / "loop")
    return tmp_path / "person"


def push(person: Path, branch: str, name: str, text: str) -> str:
    """Commit a file in the person's clone and push that as `branch`; return the commit."""
    (person / name).write_text(text)
    run("add", ".", folder=person)
    run("commit", "--quiet", "-m", name, folder=person)
    run("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", folder=person)
    return run("rev-parse", "HEAD", folder=person)


def committed(text: str) -> str:
    """Commit another `params.yaml` as the loop does; return the commit."""
    Path("params.yaml").write_text(text)
    return git.commit(["params.yaml"], "retrain")


@pytest.fixture
def judged(root: Path) -> Judged:
    judged = review_samples.judged(root / "params.yaml", dt.date(2002, 8, 19))
    assert after(judged.window).until == dt.date(2002, 8, 26)
    return judged


def test_main_is_checked_out_on_no_branch_and_left_again(person: Path) -> None:
    before = run("rev-parse", "main", folder=Path())
    with newest_main() as base:
        assert git.here() == base == before
        commit = committed("a: 2\n")
        assert run("log", "-1", "--format=%an", folder=Path()) == "spamline"
        assert commit != before
    assert git.here() == "main"
    assert run("rev-parse", "main", folder=Path()) == before
    assert Path("params.yaml").read_text() == "a: 1\n"
    assert not git.state_file(NOTE).exists()


def test_a_failure_goes_back_too(person: Path) -> None:
    with pytest.raises(ValueError), newest_main():
        Path("params.yaml").write_text("half")
        raise ValueError
    assert (git.here(), git.changed_files()) == ("main", [])


def test_peoples_changes_are_never_thrown_away(person: Path) -> None:
    Path("params.yaml").write_text("a: mine\n")
    told = pytest.raises(GitError, match=r"1 tracked files were changed here, first params\.yaml")
    with told, newest_main():
        pass
    assert Path("params.yaml").read_text() == "a: mine\n"


def test_untracked_notes_are_no_hindrance_and_stay(person: Path) -> None:
    Path("notes.txt").write_text("mine")
    with newest_main():
        pass
    assert Path("notes.txt").read_text() == "mine"


def test_what_a_killed_loop_left_is_thrown_away(person: Path) -> None:
    run("switch", "--quiet", "-c", "mine", folder=Path())
    # What a run notes before it changes anything; SIGKILL leaves it there.
    git.state_file(NOTE).write_text("mine")
    git.switch("origin/main")
    committed("a: 2\n")
    Path("params.yaml").write_text("half")
    Path(".git/index.lock").touch()
    with pytest.raises(RestartedError), newest_main(restart):
        pass
    with newest_main(restart):
        assert Path("params.yaml").read_text() == "a: 1\n"
    assert git.here() == "mine"
    assert Path("params.yaml").read_text() == "a: 1\n"


def test_a_newer_main_is_run_with_its_own_code(person: Path) -> None:
    commit = push(person, "main", "README.md", "newer\n")
    with pytest.raises(RestartedError), newest_main(restart):
        pass
    with newest_main(restart) as base:
        assert base == commit
    assert git.here() == "main"


def test_a_retraining_commits_its_own_files_and_no_others(person: Path) -> None:
    own = ["params.yaml", "dvc.lock", "conf/source/files.yaml", "data/review/review.md"]
    assert _to_commit(own) == [*own, "data/review"]
    for name in ("README.md", "stages/train.py", ".github/workflows/test.yml", "params.yaml.bak"):
        with pytest.raises(GitError, match=f"the retraining changed {name}"):
            _to_commit([*own, name])
    assert not any(name.startswith((".github", "stages")) for name in ALLOWED)


def test_a_branch_is_pushed_once_and_replaced_only_where_it_is_ours(
    person: Path, judged: Judged
) -> None:
    with newest_main() as base:
        first = committed("a: 2\n")
        publish_branch(judged, first, base)
        git.switch(base)
        again = committed("a: 2\n")
        publish_branch(judged, again, base)
        assert git.fetch_branch(BRANCH) == first
        git.switch(base)
        other = committed("a: 3\n")
        publish_branch(judged, other, base)
        assert git.fetch_branch(BRANCH) == other
        run("fetch", "--quiet", "origin", BRANCH, folder=person)
        run("checkout", "--quiet", "FETCH_HEAD", folder=person)
        theirs = push(person, BRANCH, "params.yaml", "a: 4\n")
        with pytest.raises(ConfigError, match=f"{BRANCH} has commits by p@example.org"):
            publish_branch(judged, other, base)
        assert git.fetch_branch(BRANCH) == theirs


def test_somebody_who_pushes_at_the_same_moment_is_not_overwritten(person: Path) -> None:
    with newest_main():
        commit = committed("a: 2\n")
        theirs = push(person, "retrain/x", "params.yaml", "a: 5\n")
        with pytest.raises(GitError, match="git push: "):
            git.push(commit, "retrain/x", instead_of=None)
        assert git.fetch_branch("retrain/x") == theirs


def test_a_remote_that_is_gone_is_one_line_without_its_password(person: Path) -> None:
    address = "https://user:secret-word@127.0.0.1:9/x.git"
    run("remote", "set-url", "origin", address, folder=Path())
    with pytest.raises(GitError, match="git fetch: ") as caught:
        git.fetch_main()
    assert "secret-word" not in str(caught.value)
