"""Models of earlier commits, out of DVC's cache or remote: the adapter of DVC's file system.

Git holds every receipt, and beside it the lock that names the bytes of the same model. So a model
that the registry of this machine lacks (a fresh clone, an experiment in a folder of its own) is
found by its digest wherever a commit that registered it is still available.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from stages.machine.errors import StoreError
from stages.machine.files import replacing, tree_digest
from stages.machine.redaction import cleaned
from stages.records.layout import Layout
from stages.versioning.default_remote import default_remote, secret_words
from stages.versioning.receipts import receipts_of


def tracked_model(layout: Layout, digest: str) -> Path | None:
    """Return a folder with the verified bytes of the model `digest` as DVC tracks it, or None.

    The workspace's own model if that is the one, else a copy out of an earlier commit, which is
    kept beside the registry.

    Raises:
        StoreError: DVC's remote may have it and cannot be asked: that is not the same as lost.
    """
    copy = layout.tracked_copy(digest)
    for folder in (layout.model, copy):
        if folder.is_dir() and tree_digest(folder) == digest:
            return folder
    with tempfile.TemporaryDirectory() as temporary:
        target = Path(temporary) / "model"
        commits = (commit for commit, _ in receipts_of(layout, digest))
        if not any(_fetch(layout, commit, target, digest) for commit in commits):
            return None
        with replacing(copy) as new:
            shutil.copytree(target, new)
    return copy


def _fetch(layout: Layout, commit: str, target: Path, digest: str) -> bool:
    """Copy the model folder of `commit` to `target`; return whether it is the model `digest`.

    Raises:
        StoreError: DVC's remote may have it and cannot be asked.
    """
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc_data.index import DataIndexDirError

    # A remote that is not set up on this machine cannot have the model for it.
    config = None if default_remote(layout).set_up() else {"core": {"remote": ""}}
    try:
        system = DVCFileSystem(str(layout.root), rev=commit, config=config)
        system.get(layout.inside(layout.model).as_posix(), str(target), recursive=True)
    except FileNotFoundError:
        return False
    except (DvcException, DataIndexDirError, OSError) as error:
        # The listing of a folder that neither cache nor remote has.
        if isinstance(error.__cause__, FileNotFoundError):
            return False
        raise StoreError(
            f"the model {digest[:12]} of commit {commit[:7]} cannot be fetched: "
            f"{cleaned(str(error), secrets=secret_words(layout))[:200]}",
            expected="DVC's cache or a remote that answers",
            fix="`make pull` tells more; then run again",
        ) from error
    return target.is_dir() and tree_digest(target) == digest
