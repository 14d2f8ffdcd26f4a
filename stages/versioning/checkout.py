"""The newest main, checked out for as long as the loop is at work; then back to where we were."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from stages.machine.console import say
from stages.machine.errors import GitError
from stages.machine.files import write_text
from stages.records.layout import HERE, Layout
from stages.versioning import git

# In git's own folder: where we were. Whoever finds it there follows a loop that was killed.
NOTE = "spamline-retrain"


def start_over() -> NoReturn:
    """Run this command again from its beginning, with the code that is now checked out."""
    os.execv(sys.executable, [sys.executable, "-m", "stages", *sys.argv[1:]])  # noqa: S606


@contextmanager
def newest_main(again: Callable[[], NoReturn] = start_over, layout: Layout = HERE) -> Iterator[str]:
    """Check the newest main out, on no branch; yield its commit, and go back in the end.

    A killed loop leaves a note, by which its next run knows that what differs here is the loop's
    and nobody's work.

    Args:
        again: is called where main has other code than the one that runs.
        layout: the checkout.

    Raises:
        GitError: tracked files were changed here, or the remote cannot be reached.
    """
    note, loaded = git.state_file(NOTE, layout), git.commit_of("HEAD", layout)
    if note.exists():
        git.sweep_locks(layout)
    else:
        _check_clean(layout)
    base = git.fetch_main(layout)
    if not note.exists():
        write_text(note, git.here(layout))
    git.switch(base, layout)
    if base != loaded:
        say(f"main is at {base[:7]}, this began at {loaded[:7]}: from there")
        again()
    try:
        yield base
    finally:
        git.switch(note.read_text(encoding="utf-8"), layout)
        note.unlink()


def _check_clean(layout: Layout) -> None:
    if changed := git.changed_files(layout):
        raise GitError(
            f"{len(changed)} tracked files were changed here, first {changed[0]}",
            expected="a clean checkout: the loop works on main as it is",
            fix="commit or stash them, then run again",
        )
