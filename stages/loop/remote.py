"""`make push` and `make pull`: what DVC tracks, to and from the team's S3."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from stages.console import say
from stages.errors import StoreError
from stages.loop.pipeline import repository
from stages.stores.dvc_remote import Remote, default_remote

# DVC's client would repeat itself for a minute over a server that dies in mid-push.
_ATTEMPTS = ("AWS_MAX_ATTEMPTS", "2")


def push() -> None:
    """Send every file that the lock names, then look whether the remote has them all.

    Raises:
        StoreError: the remote cannot be used, or something did not arrive; what arrived stays.
        BusyError: another DVC command is at work here.
    """
    from dvc.exceptions import UploadError

    remote = _checked(trouble="nothing was pushed", then="make push")
    with repository() as repo, _terse():
        try:
            sent = repo.push()
        except UploadError as error:
            _check(remote, trouble=f"{error.amount} files did not arrive", then="make push")
            raise _incomplete(
                remote, f"{error.amount} files did not arrive", "make push"
            ) from error
    missing = not_in_remote()
    if missing:
        raise _incomplete(remote, f"it lacks {len(missing)} files, first {missing[0]}", "make push")
    say(f"push: {sent} files sent; {remote.url} has everything that dvc.lock names")


def pull() -> None:
    """Fetch every file that the lock names into the cache, and put them into the workspace.

    Raises:
        StoreError: the remote cannot be used, or lacks something; what it has is here.
        BusyError: another DVC command is at work here.
    """
    from dvc.exceptions import CheckoutError, DownloadError

    remote = _checked(trouble="nothing was pulled", then="make pull")
    with repository() as repo, _terse():
        try:
            found = repo.pull()
        except (CheckoutError, DownloadError) as error:
            _check(remote, trouble="not everything was pulled", then="make pull")
            missing = not_in_remote()
            lacks = f"it lacks {len(missing)} files, first {missing[0]}" if missing else str(error)
            raise _incomplete(
                remote, lacks, "make push` where they are, or make them anew: `make run"
            ) from error
    say(f"pull: {found['stats']['fetched']} files fetched from {remote.url}")


def check_pushed() -> None:
    """Fail unless the remote has every file that the lock names: a forgotten push.

    Raises:
        StoreError: it lacks some, or cannot be used.
    """
    remote = _checked(trouble="it is not known what was pushed", then="make push")
    missing = not_in_remote()
    if missing:
        raise _incomplete(remote, f"it lacks {len(missing)} files, first {missing[0]}", "make push")
    say(f"push: {remote.url} has everything that dvc.lock names")


def not_in_remote() -> list[str]:
    """Return the tracked files that the remote lacks, as `dvc data status --not-in-remote` does."""
    with repository() as repo, _terse():
        found = repo.data_status(not_in_remote=True, remote_refresh=True, granular=True)
    return sorted(found["not_in_remote"])


def _checked(*, trouble: str, then: str) -> Remote:
    with repository():
        remote = default_remote()
    if remote.url is None:
        raise StoreError(
            f"{trouble}: DVC has no default remote here",
            expected="core.remote in .dvc/config",
            mend="git checkout -- .dvc/config",
        )
    _check(remote, trouble=trouble, then=then)
    return remote


def _check(remote: Remote, *, trouble: str, then: str) -> None:
    if remote.in_s3:
        remote.check(trouble=trouble, then=then)


def _incomplete(remote: Remote, found: str, mend: str) -> StoreError:
    return StoreError(
        f"{remote.url}: {found}",
        expected="every file that dvc.lock names",
        mend=f"`{mend}`",
    )


@contextmanager
def _terse() -> Iterator[None]:
    """Keep DVC from a line for each file that fails, and from minutes over a dead server."""
    loggers = [logging.getLogger(name) for name in ("dvc", "dvc_data", "dvc_objects")]
    levels = [logger.level for logger in loggers]
    name, attempts = _ATTEMPTS
    before = os.environ.get(name)
    os.environ.setdefault(name, attempts)
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if before is None:
            del os.environ[name]
