"""The adapter of git: a checkout, and the remote `origin` that it came from."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stages.machine.errors import GitError
from stages.machine.redaction import cleaned
from stages.machine.variables import GITHUB_SERVER_URL, GITHUB_TOKEN
from stages.records.layout import HERE, Layout
from stages.versioning.quiet_access import without_arguments

MAIN = "main"
_AUTHOR = ("-c", "user.name=spamline", "-c", "user.email=spamline@localhost")
# What asks the remote.
_REMOTE = ("fetch", "ls-remote", "push")
# Seconds; a remote that does not answer in that time is dead.
_PATIENCE = 300
# Where nobody else knows the password for the forge's server, it is the token of the environment: a
# checkout in a workflow keeps none, so only the step that pushes has it. No argument shows it.
_ANSWER = f'!answer() {{ echo username=x-access-token; echo "password=${GITHUB_TOKEN}"; }}; answer'


def fetch_main(layout: Layout = HERE) -> str:
    """Fetch `origin/main`; return its commit.

    Raises:
        GitError: the remote cannot be reached, or has no such branch.
    """
    _git(layout, "fetch", "--quiet", "origin", f"+refs/heads/{MAIN}:refs/remotes/origin/{MAIN}")
    return commit_of(f"refs/remotes/origin/{MAIN}", layout)


def commit_of(name: str, layout: Layout = HERE) -> str:
    """Return the commit that `name` names.

    Raises:
        GitError: it names none.
    """
    return _git(
        layout, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
    )


def meeting_point(layout: Layout = HERE) -> str:
    """Return the commit where HEAD and the newest main meet."""
    return _git(layout, "merge-base", "HEAD", fetch_main(layout))


def fetch_branch(branch: str, layout: Layout = HERE) -> str | None:
    """Fetch `branch` of the remote; return its newest commit, or None where there is none."""
    listed = _git(layout, "ls-remote", "origin", f"refs/heads/{branch}")
    if not listed:
        return None
    commit = listed.split()[0]
    _git(layout, "fetch", "--quiet", "origin", commit)
    return commit


def here(layout: Layout = HERE) -> str:
    """Return the branch we are on, or the commit where we are on none."""
    return _git(layout, "symbolic-ref", "--quiet", "--short", "HEAD", fails=True) or commit_of(
        "HEAD", layout
    )


def state_file(name: str, layout: Layout = HERE) -> Path:
    """Return a path inside git's own folder, where an operation notes that it is under way."""
    return layout.root / _git(layout, "rev-parse", "--git-path", name)


def sweep_locks(layout: Layout = HERE) -> None:
    """Remove the locks that a git killed here has left; no other process may be at work."""
    folder = layout.root / _git(layout, "rev-parse", "--git-common-dir")
    for lock in (*folder.glob("*.lock"), *(folder / "refs").rglob("*.lock")):
        lock.unlink(missing_ok=True)


def changed_files(layout: Layout = HERE) -> list[str]:
    """Return the tracked files that differ from HEAD."""
    return _differing(layout, "HEAD")


def files_between(one: str, other: str, layout: Layout = HERE) -> list[str]:
    """Return the files that differ between two commits."""
    return _differing(layout, one, other)


def _differing(layout: Layout, *commits: str) -> list[str]:
    listed = _git(layout, "diff", "--name-only", "-z", "--no-renames", *commits, "--")
    return [name for name in listed.split("\0") if name]


def history(path: Path, layout: Layout = HERE, *, most: int | None = None) -> list[str]:
    """Return the commits that changed a file, the newest first, at most `most` of them."""
    limit = [] if most is None else [f"--max-count={most}"]
    name = layout.inside(path).as_posix()
    return _git(layout, "log", *limit, "--format=%H", "--", name).split()


def content(commit: str, path: Path, layout: Layout = HERE) -> bytes | None:
    """Return the bytes of a file as `commit` has it, or None if it has no such file."""
    # With `./` the path counts from the folder of the checkout, as it does in `history`.
    name = f"{commit}:./{layout.inside(path).as_posix()}"
    # What a person gives for a commit may look like an option, of which one writes files.
    done = _run(layout, "show", "--end-of-options", name)
    return done.stdout if done.returncode == 0 else None


def switch(name: str, layout: Layout = HERE) -> None:
    """Let the checkout be that branch, or commit; changes of tracked files are lost."""
    branch = _run(layout, "show-ref", "--verify", "--quiet", f"refs/heads/{name}").returncode == 0
    _git(layout, "switch", "--quiet", "--discard-changes", *([] if branch else ["--detach"]), name)


def commit(paths: Sequence[str], message: str, layout: Layout = HERE) -> str:
    """Commit `paths` on whatever HEAD is, in the loop's own name; return the commit."""
    _git(layout, "add", "--", *paths)
    _git(layout, *_AUTHOR, "commit", "--quiet", "--no-verify", "--message", message, "--", *paths)
    return commit_of("HEAD", layout)


def is_same(one: str, other: str, layout: Layout = HERE) -> bool:
    """Return whether two commits have the same files and the same parent."""
    return (
        len({_git(layout, "rev-parse", f"{name}^{{tree}}", f"{name}^") for name in (one, other)})
        == 1
    )


def strangers(commit: str, base: str, layout: Layout = HERE) -> list[str]:
    """Return the authors of the commits between `base` and `commit` that are not the loop."""
    names = _git(layout, "log", "--format=%ae", f"{base}..{commit}").split("\n")
    return sorted({name for name in names if name and name != _AUTHOR[-1].partition("=")[2]})


def push(commit: str, branch: str, *, instead_of: str | None, layout: Layout = HERE) -> None:
    """Let `branch` of the remote be `commit`, if it still is `instead_of` (None: not there yet).

    Raises:
        GitError: somebody has pushed there meanwhile, or the remote refuses.
    """
    target = f"refs/heads/{branch}"
    _git(
        layout,
        *("push", "--quiet", f"--force-with-lease={target}:{instead_of or ''}"),
        *("origin", f"{commit}:{target}"),
    )


def check_repository(layout: Layout = HERE) -> None:
    """Raise GitError unless the project is in a git repository."""
    if _run(layout, "rev-parse", "--git-dir").returncode:
        raise GitError(
            f"{layout.root.resolve()} is not in a git repository",
            expected="a clone: what made a model is found by its commit",
            fix="clone the repository, or make this folder one of its own and commit",
        )


def _git(layout: Layout, *arguments: str, fails: bool = False) -> str:
    done = _run(layout, *arguments)
    if done.returncode != 0 and not fails:
        check_repository(layout)
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["it failed"]
        line = next((line for line in lines if re.match("fatal|error", line)), lines[-1])
        verb = next(word for word in arguments if not word.startswith("-") and "=" not in word)
        words = cleaned(line, *_addresses(layout))[:300]
        raise GitError(
            f"git {verb}: {words}",
            expected="a clone whose remote `origin` answers and lets this user in",
            fix="correct that, then run again",
        )
    return done.stdout.decode(errors="surrogateescape").strip()


def _addresses(layout: Layout) -> list[str]:
    """Return the addresses of `origin`; any of them may hold a password."""
    done = _run(layout, "config", "--get-regexp", r"^remote\.origin\.(push)?url$")
    lines = done.stdout.decode(errors="replace").splitlines()
    return [line.partition(" ")[2] for line in lines]


def _credentials() -> list[str]:
    if not os.environ.get(GITHUB_TOKEN):
        return []
    server = os.environ.get(GITHUB_SERVER_URL) or "https://github.com"
    return ["-c", f"credential.{server}.helper={_ANSWER}"]


def _run(layout: Layout, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = dict(os.environ)
    if arguments[0] in _REMOTE:
        environment |= without_arguments(_addresses(layout), environment)
    try:
        return subprocess.run(  # noqa: S603 -- a list, no shell
            ["git", *_credentials(), *arguments],  # noqa: S607 -- the user's git
            cwd=layout.root,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
            # Nobody is there who could type a password.
            env={**environment, "GIT_TERMINAL_PROMPT": "0"},
        )
    except FileNotFoundError:
        raise GitError("there is no git", expected="git on the PATH", fix="install it") from None
    except subprocess.TimeoutExpired:
        raise GitError(
            f"git {arguments[0]} did not end within {_PATIENCE} s",
            expected="a remote that answers",
            fix="run again when it does",
        ) from None
