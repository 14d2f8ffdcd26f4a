"""Models of earlier commits, out of DVC's cache or remote: the adapter of DVC's file system.

Git holds every receipt, and beside it the lock that names the bytes of the same model. So a model
that the registry of this machine lacks (a fresh clone, an experiment in a folder of its own) is
found by its digest wherever a commit that registered it is still available.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stages.machine.errors import GitError, StoreError
from stages.machine.files import tree_digest
from stages.records.layout import Layout
from stages.versioning import git
from stages.versioning.default_remote import default_remote

# Git and DVC take paths from the folder of the project.
_MODEL, _RECEIPT = Layout().model, Layout().receipt
# How far back a production model is looked for, in commits that changed the receipt.
_MOST_COMMITS = 50


@contextmanager
def tracked_model(digest: str) -> Iterator[Path | None]:
    """Yield a folder with the verified bytes of the model `digest` as DVC tracks it, or None.

    The workspace's own model if that is the one, else a temporary copy out of an earlier commit.

    Raises:
        StoreError: DVC's remote may have it and cannot be asked: that is not the same as lost.
    """
    if _MODEL.is_dir() and tree_digest(_MODEL) == digest:
        yield _MODEL
        return
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "model"
        found = any(_fetch(commit, target, digest) for commit in _commits(digest))
        yield target if found else None


def _commits(digest: str) -> Iterator[str]:
    """Yield the commits whose receipt is of the model `digest`, newest first."""
    try:
        commits = git.history(_RECEIPT, most=_MOST_COMMITS)
    except GitError:
        # No repository, or no git, as in the image of the scheduled job.
        return
    for commit in commits:
        try:
            receipt = json.loads(git.content(commit, _RECEIPT) or b"null")
        except ValueError:
            continue
        if isinstance(receipt, dict) and receipt.get("model") == digest:
            yield commit


def _fetch(commit: str, target: Path, digest: str) -> bool:
    """Copy the model folder of `commit` to `target`; return whether it is the model `digest`.

    Raises:
        StoreError: DVC's remote may have it and cannot be asked.
    """
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc_data.index import DataIndexDirError

    # A remote that is not set up on this machine cannot have the model for it.
    config = None if default_remote().set_up() else {"core": {"remote": ""}}
    try:
        system = DVCFileSystem(".", rev=commit, config=config)
        system.get(_MODEL.as_posix(), str(target), recursive=True)
    except FileNotFoundError:
        return False
    except (DvcException, DataIndexDirError, OSError) as error:
        # The listing of a folder that neither cache nor remote has.
        if isinstance(error.__cause__, FileNotFoundError):
            return False
        raise StoreError(
            f"the model {digest[:12]} of commit {commit[:7]} cannot be fetched: "
            f"{' '.join(str(error).split())[:200]}",
            expected="DVC's cache or a remote that answers",
            fix="`make pull` tells more; then run again",
        ) from error
    return target.is_dir() and tree_digest(target) == digest
