"""`make push` and `make pull`: what DVC tracks, to and from the team's S3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stages.machine.address import is_folder
from stages.machine.console import say
from stages.machine.errors import StoreError
from stages.machine.redaction import cleaned
from stages.records.layout import HERE, Layout
from stages.versioning.alone import alone
from stages.versioning.default_remote import Remote, default_remote, secret_words
from stages.versioning.dvc import repository
from stages.versioning.terse import terse

if TYPE_CHECKING:
    from dvc.repo import Repo


def push(layout: Layout = HERE) -> None:
    """Send every file that the lock names, then check that the remote has them all.

    Raises:
        StoreError: the remote cannot be used, or something did not arrive; what arrived stays.
        BusyError: another DVC command is at work here.
    """
    from dvc.exceptions import UploadError

    remote = _checked(layout, trouble="nothing was pushed", then="make push")
    with repository(layout) as repo, terse(secret_words(layout)) as failures:
        try:
            sent = repo.push()
            if missing := _missing(repo):
                sent += _send_missing(repo)
                missing = _missing(repo)
        except UploadError as error:
            trouble = f"{error.amount} files did not arrive"
            _check(remote, trouble=trouble, then="make push")
            raise _incomplete(remote, f"{trouble}{failures.first()}", "`make push`") from error
    _check_complete(remote, missing)
    say(f"push: {sent} files sent; {remote.place} has everything that dvc.lock names")


def pull(layout: Layout = HERE) -> None:
    """Fetch every file that the lock names into the cache, and put them into the workspace.

    Raises:
        StoreError: the remote cannot be used, or lacks something; what it has is here.
        BusyError: a run, or another DVC command, is at work here.
    """
    from dvc.exceptions import CheckoutError, DownloadError

    remote = _checked(layout, trouble="nothing was pulled", then="make pull")
    with alone(layout), repository(layout) as repo, terse(secret_words(layout)) as failures:
        try:
            found = repo.pull()
        except (CheckoutError, DownloadError) as error:
            _check(remote, trouble="not everything was pulled", then="make pull")
            fix = "`make push` where they are, or make them anew: `make run`"
            _check_complete(remote, _missing(repo), fix)
            words = cleaned(str(error), secrets=secret_words(layout))
            reason = failures.first() or f" ({words[:200]})"
            raise _incomplete(
                remote, f"not everything was pulled{reason}", "fix that, then `make pull`"
            ) from error
    say(f"pull: {found['stats']['fetched']} files fetched from {remote.place}")


def check_pushed(layout: Layout = HERE) -> None:
    """Fail unless the remote has every file that the lock names: a forgotten push.

    Raises:
        StoreError: it lacks some, or cannot be used.
    """
    remote = _checked(layout, trouble="it is not known what was pushed", then="make push")
    with repository(layout) as repo, terse(secret_words(layout)):
        _check_complete(remote, _missing(repo))
    say(f"push: {remote.place} has everything that dvc.lock names")


def _missing(repo: Repo) -> list[str]:
    """Return the tracked files that the remote lacks, as `dvc data status --not-in-remote` does."""
    found = repo.data_status(not_in_remote=True, remote_refresh=True, granular=True)
    return sorted(found["not_in_remote"])


def _send_missing(repo: Repo) -> int:
    """Send what the remote lacks, file by file; return how many files that were.

    DVC assumes that a folder whose listing is in the remote is whole, and never sends its files.
    """
    cache, remote = repo.cache.local, repo.cloud.get_remote_odb()
    tracked = set().union(*repo.used_objs(push=True).values())
    # Without an index of what was sent, each file is looked for.
    sent = repo.cloud.transfer(cache, remote, tracked, shallow=False, cache_odb=cache)
    return len(sent.transferred)


def _checked(layout: Layout, *, trouble: str, then: str) -> Remote:
    with repository(layout):
        remote = default_remote(layout)
    if remote.url is None:
        raise StoreError(
            f"{trouble}: DVC has no default remote here",
            expected="core.remote in .dvc/config",
            fix="git checkout -- .dvc/config",
        )
    if not ("://" in remote.url or is_folder(remote.url)):
        # DVC would make a folder of that name, password and all.
        raise StoreError(
            f"{trouble}: the default remote's address is malformed",
            expected="s3://bucket/prefix, another URL, or a folder",
            fix=f"correct its url in .dvc/config or .dvc/config.local, then `{then}`",
        )
    _check(remote, trouble=trouble, then=then)
    return remote


def _check_complete(remote: Remote, missing: list[str], fix: str = "`make push`") -> None:
    if missing:
        raise _incomplete(remote, f"it lacks {len(missing)} files, first {missing[0]}", fix)


def _check(remote: Remote, *, trouble: str, then: str) -> None:
    if remote.in_s3:
        remote.check(trouble=trouble, then=then)


def _incomplete(remote: Remote, found: str, fix: str) -> StoreError:
    return StoreError(
        f"{remote.place}: {found}",
        expected="every file that dvc.lock names",
        fix=fix,
    )
