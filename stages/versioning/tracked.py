"""Models of earlier commits, out of DVC's cache or remote: the adapter of DVC's file system.

Git holds every receipt, and beside it the lock that names the bytes of the same model. So a model
that the registry of this machine lacks (a fresh clone, an experiment in a folder of its own) is
found by its digest wherever a commit that registered it can still be had.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.errors import StoreError
from stages.machine.files import tree_digest
from stages.records.receipt import RECEIPT
from stages.registry.registration import MODEL
from stages.versioning.dvc_remote import default_remote

if TYPE_CHECKING:
    from stages.registry.mlflow.models import ModelRegistry

# How far back a production model is looked for, in commits that changed the receipt.
_MOST_COMMITS = 50


def obtain(registry: ModelRegistry, digest: str) -> Path:
    """Return a folder with the verified bytes of the model `digest`, out of the registry.

    A registry that lacks it is filled first, from what DVC tracks: every fresh clone has an empty
    registry beside a matching lock, and DVC skips register there.

    Raises:
        RegistryError: the model is to be had nowhere, or its bytes are others.
    """
    if registry.find(digest) is None:
        with model_at_hand(digest) as folder:
            return registry.obtain(digest, local=folder)
    return registry.obtain(digest)


@contextmanager
def model_at_hand(digest: str) -> Iterator[Path | None]:
    """Yield a folder with the verified bytes of the model `digest` as DVC tracks it, or None.

    The workspace's own model if that is the one, else a temporary copy out of an earlier commit.

    Raises:
        StoreError: DVC's remote may have it and cannot be asked: that is not the same as lost.
    """
    if MODEL.is_dir() and tree_digest(MODEL) == digest:
        yield MODEL
        return
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "model"
        found = any(_fetch(commit, target, digest) for commit in _commits(digest))
        yield target if found else None


def _commits(digest: str) -> Iterator[str]:
    """Yield the commits whose receipt is of the model `digest`, newest first."""
    log = _git("log", f"--max-count={_MOST_COMMITS}", "--format=%H", "--", RECEIPT.as_posix())
    for commit in log.split():
        try:
            receipt = json.loads(_git("show", f"{commit}:./{RECEIPT.as_posix()}"))
        except ValueError:
            continue
        if isinstance(receipt, dict) and receipt.get("model") == digest:
            yield commit


def _git(*arguments: str) -> str:
    """Return what git prints; nothing where this is no repository, or where there is no git."""
    try:
        done = subprocess.run(  # noqa: S603 -- a list, no shell; the digest never enters it
            ["git", *arguments],  # noqa: S607 -- the user's git
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        # As in the image of the scheduled job.
        return ""
    return done.stdout if done.returncode == 0 else ""


def _fetch(commit: str, target: Path, digest: str) -> bool:
    """Copy the model folder of `commit` to `target`; return whether it is the model `digest`.

    Raises:
        StoreError: DVC's remote may have it and cannot be asked.
    """
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc_data.index import DataIndexDirError

    # A remote that nobody has set up here is no place where the model may be.
    config = None if default_remote().set_up() else {"core": {"remote": ""}}
    try:
        system = DVCFileSystem(".", rev=commit, config=config)
        system.get(MODEL.as_posix(), str(target), recursive=True)
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
