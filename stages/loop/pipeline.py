"""The adapter of DVC: reproduces stages in this process, in the folder it stands in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stages.errors import BusyError, StageError, UserError


def reproduce(*targets: str) -> None:
    """Bring `targets` (all stages by default) up to date, as `dvc repro` does.

    Raises:
        StageError: a stage failed; its own line stands above, its exit status comes along.
        BusyError: another DVC command is at work in this folder.
        UserError: DVC itself refused, in its own words.
    """
    from dvc.exceptions import DvcException, ReproductionError
    from dvc.lock import LockError
    from dvc.repo import Repo

    # Stages are `python -m stages ...`: the very Python that runs this.
    os.environ["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    )
    try:
        with Repo() as repo:
            repo.reproduce(targets=list(targets) or None)
    except ReproductionError as error:
        raise StageError(str(error), status=_status(error)) from error
    except LockError as error:
        raise BusyError(
            "another DVC command is at work here",
            expected="one at a time",
            mend="wait for it to end, then run again",
        ) from error
    except DvcException as error:
        raise UserError(
            f"DVC: {error}",
            expected="a repository that DVC can reproduce",
            mend="`dvc doctor`, then run again",
        ) from error


def _status(error: BaseException) -> int:
    """Return the exit status of the command that failed: DVC has it in its words only."""
    from dvc.stage.exceptions import StageCmdFailedError

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, StageCmdFailedError):
            last = str(cause).rsplit(" ", 1)[-1]
            return int(last) if last.isdigit() else 1
        cause = cause.__cause__
    return UserError.exit_status
