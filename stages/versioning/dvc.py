"""The adapter of DVC: reproduces the stages of a checkout in this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stages import config
from stages.machine.errors import StageError, UserError
from stages.machine.faults import from_outside
from stages.machine.redaction import cleaned
from stages.records.layout import HERE, Layout
from stages.versioning import git
from stages.versioning.alone import busy, holds
from stages.versioning.default_remote import readable_config, secret_words

if TYPE_CHECKING:
    from dvc.repo import Repo


@contextmanager
def repository(layout: Layout = HERE) -> Iterator[Repo]:
    """Yield DVC's view of the checkout `layout`.

    Raises:
        BusyError: another DVC command is at work there.
        ConfigError: `dvc.yaml` is not a small file of stages.
        GitError: the project is not in a git repository.
        ConfigError: DVC cannot read its configuration.
        UserError: DVC itself refused, in its own words.
    """
    from dvc.exceptions import DvcException
    from dvc.lock import LockError, LockNoop
    from dvc.repo import Repo

    if layout.pipeline.exists():
        # DVC would expand whatever the file says.
        config.declarations(layout.pipeline)
    try:
        with readable_config(layout), Repo(str(layout.root)) as repo:
            if holds(layout):
                # DVC would wait for the lock that this process has, and then release it.
                repo.lock = LockNoop()
            yield repo
    except LockError as error:
        raise busy() from error
    except ImportError as error:
        if "requires 'dvc-" not in str(error):
            raise
        raise UserError(
            f"DVC: {error}",
            expected="what the kind of remote in .dvc/config needs",
            fix="install that package, or use another remote",
        ) from error
    except DvcException as error:
        if fault := _fault(error):
            raise fault from error
        git.check_repository(layout)
        raise UserError(
            f"DVC: {cleaned(str(error), secrets=secret_words(layout))}",
            expected="a repository that DVC can work with",
            fix="`dvc doctor`, then run again",
        ) from error


def reproduce(*targets: str, force: bool = False, layout: Layout = HERE) -> None:
    """Bring `targets` (all stages by default) up to date, as `dvc repro` does.

    Args:
        targets: names of stages.
        force: run these, and nothing before them, even if nothing that DVC sees has changed.
        layout: the checkout.

    Raises:
        StageError: a stage failed; its own line stands above, its exit status comes along.
        UserError: a stage cannot begin.
        BusyError, UserError: as for `repository`.
    """
    from dvc.exceptions import ReproductionError
    from dvc.stage.exceptions import StageCmdFailedError

    with _this_python_first(), repository(layout) as repo:
        try:
            repo.reproduce(_addresses(layout, targets), force=force, single_item=force)
        except ReproductionError as error:
            if fault := _fault(error):
                raise fault from error
            if not any(isinstance(cause, StageCmdFailedError) for cause in _causes(error)):
                # No stage has run, so none has said why: a file that it reads is missing, say.
                reason = cleaned(str(error.__cause__ or error), secrets=secret_words(layout))
                raise UserError(
                    f"DVC: {error}: {reason}",
                    expected="a checkout with every file that dvc.yaml names",
                    fix="`dvc doctor`, then run again",
                ) from error
            raise StageError(str(error), status=_status(error)) from error


@contextmanager
def _this_python_first() -> Iterator[None]:
    """Let `python` be the one that runs this: stages are `python -m stages ...`."""
    before = os.environ.get("PATH")
    folder = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([folder, before]) if before else folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before


def stale(target: str, layout: Layout = HERE) -> list[str]:
    """Return the stages up to `target` that would run now; missing data counts as present.

    Raises:
        BusyError, UserError: as for `repository`.
    """
    with repository(layout) as repo:
        stages = repo.reproduce(_addresses(layout, [target]), dry=True, allow_missing=True)
        return [str(stage.addressing) for stage in stages]


def _addresses(layout: Layout, targets: Iterable[str]) -> list[str]:
    """Return stages as DVC finds them from any folder; the whole pipeline where there are none."""
    pipeline = str(layout.pipeline)
    return [f"{pipeline}:{target}" for target in targets] or [pipeline]


def _fault(error: BaseException) -> UserError | None:
    """Return the error for what the machine did, which DVC reports as a failure like any other."""
    return next(filter(None, map(from_outside, _causes(error))), None)


def _status(error: BaseException) -> int:
    """Return the exit status of the command that failed, which DVC gives only in its message."""
    from dvc.stage.exceptions import StageCmdFailedError

    for cause in _causes(error):
        if isinstance(cause, StageCmdFailedError):
            last = str(cause).rsplit(" ", 1)[-1]
            return int(last) if last.isdigit() else 1
    return UserError.exit_status


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield `error` and what lies below it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
