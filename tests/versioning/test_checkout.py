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
from stages.records.layout import Layout
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
def loop(tmp_path: Path) -> Layout:
    """The clone that the loop works in; `person` makes it."""
    return Layout(tmp_path / "loop")


@pytest.fixture
def person(tmp_path: Path, loop: Layout, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone on a branch of a person's, one commit beside main; the loop works in another."""
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
    assert loop.params.exists()
    return tmp_path / "person"


def push(person: Path, branch: str, name: str, text: str) -> str:
    """Commit a file in the person's clone and push that as `branch`; return the commit."""
    (person / name).write_text(text)
    run("add", ".", folder=person)
    run("commit", "--quiet", "-m", name, folder=person)
    run("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", folder=person)
    return run("rev-parse", "HEAD", folder=person)


def committed(loop: Layout, text: str) -> str:
    """Commit another `params.yaml` as the loop does; return the commit."""
    loop.params.write_text(text)
    return git.commit(["params.yaml"], "retrain", loop)


@pytest.fixture
def judged(root: Path) -> Judged:
    judged = review_samples.judged(root / "params.yaml", dt.date(2002, 8, 19))
    assert after(judged.window).until == dt.date(2002, 8, 26)
    return judged


def test_main_is_checked_out_on_no_branch_and_left_again(person: Path, loop: Layout) -> None:
    before = run("rev-parse", "main", folder=loop.root)
    with newest_main(layout=loop) as base:
        assert git.here(loop) == base == before
        commit = committed(loop, "a: 2\n")
        assert run("log", "-1", "--format=%an", folder=loop.root) == "spamline"
        assert commit != before
    assert git.here(loop) == "main"
    assert run("rev-parse", "main", folder=loop.root) == before
    assert loop.params.read_text() == "a: 1\n"
    assert not git.state_file(NOTE, loop).exists()


def test_a_failure_goes_back_too(person: Path, loop: Layout) -> None:
    with pytest.raises(ValueError), newest_main(layout=loop):
        loop.params.write_text("half")
        raise ValueError
    assert (git.here(loop), git.changed_files(loop)) == ("main", [])


def test_peoples_changes_are_never_thrown_away(person: Path, loop: Layout) -> None:
    loop.params.write_text("a: mine\n")
    told = pytest.raises(GitError, match=r"1 tracked files were changed here, first params\.yaml")
    with told, newest_main(layout=loop):
        pass
    assert loop.params.read_text() == "a: mine\n"


def test_untracked_notes_are_no_hindrance_and_stay(person: Path, loop: Layout) -> None:
    (loop.root / "notes.txt").write_text("mine")
    with newest_main(layout=loop):
        pass
    assert (loop.root / "notes.txt").read_text() == "mine"


def test_what_a_killed_loop_left_is_thrown_away(person: Path, loop: Layout) -> None:
    run("switch", "--quiet", "-c", "mine", folder=loop.root)
    # What a run notes before it changes anything; SIGKILL leaves it there.
    git.state_file(NOTE, loop).write_text("mine")
    git.switch("origin/main", loop)
    committed(loop, "a: 2\n")
    loop.params.write_text("half")
    (loop.root / ".git/index.lock").touch()
    with pytest.raises(RestartedError), newest_main(restart, loop):
        pass
    with newest_main(restart, loop):
        assert loop.params.read_text() == "a: 1\n"
    assert git.here(loop) == "mine"
    assert loop.params.read_text() == "a: 1\n"


def test_a_newer_main_is_run_with_its_own_code(person: Path, loop: Layout) -> None:
    commit = push(person, "main", "README.md", "newer\n")
    with pytest.raises(RestartedError), newest_main(restart, loop):
        pass
    with newest_main(restart, loop) as base:
        assert base == commit
    assert git.here(loop) == "main"


def test_a_retraining_commits_its_own_files_and_no_others(person: Path) -> None:
    own = ["params.yaml", "dvc.lock", "conf/source/files.yaml", "data/review/review.md"]
    assert _to_commit(own) == [*own, "data/review"]
    for name in ("README.md", "stages/train.py", ".github/workflows/test.yml", "params.yaml.bak"):
        with pytest.raises(GitError, match=f"the retraining changed {name}"):
            _to_commit([*own, name])
    assert not any(name.startswith((".github", "stages")) for name in ALLOWED)


def test_a_branch_is_pushed_once_and_replaced_only_where_it_is_ours(
    person: Path, judged: Judged, loop: Layout
) -> None:
    with newest_main(layout=loop) as base:
        first = committed(loop, "a: 2\n")
        publish_branch(judged, first, base, loop)
        git.switch(base, loop)
        again = committed(loop, "a: 2\n")
        publish_branch(judged, again, base, loop)
        assert git.fetch_branch(BRANCH, loop) == first
        git.switch(base, loop)
        other = committed(loop, "a: 3\n")
        publish_branch(judged, other, base, loop)
        assert git.fetch_branch(BRANCH, loop) == other
        run("fetch", "--quiet", "origin", BRANCH, folder=person)
        run("checkout", "--quiet", "FETCH_HEAD", folder=person)
        theirs = push(person, BRANCH, "params.yaml", "a: 4\n")
        with pytest.raises(ConfigError, match=f"{BRANCH} has commits by p@example.org"):
            publish_branch(judged, other, base, loop)
        assert git.fetch_branch(BRANCH, loop) == theirs


def test_somebody_who_pushes_at_the_same_moment_is_not_overwritten(
    person: Path, loop: Layout
) -> None:
    with newest_main(layout=loop):
        commit = committed(loop, "a: 2\n")
        theirs = push(person, "retrain/x", "params.yaml", "a: 5\n")
        with pytest.raises(GitError, match="git push: "):
            git.push(commit, "retrain/x", instead_of=None, layout=loop)
        assert git.fetch_branch("retrain/x", loop) == theirs


def test_a_remote_that_is_gone_is_one_line_without_its_password(person: Path, loop: Layout) -> None:
    address = "https://user:secret-word@127.0.0.1:9/x.git"
    run("remote", "set-url", "origin", address, folder=loop.root)
    with pytest.raises(GitError, match="git fetch: ") as caught:
        git.fetch_main(loop)
    assert "secret-word" not in str(caught.value)
