"""The errors that a user can fix; everything else is a bug and stays a traceback."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable


class UserError(Exception):
    """A user's mistake or a missing service: exit status 2, one line on standard error.

    Args:
        found: what was found.
        expected: what was expected instead.
        fix: the command, or the edit, that fixes it.
    """

    exit_status = 2

    def __init__(self, found: str, *, expected: str, fix: str) -> None:
        self.found, self.expected, self.fix = found, expected, fix
        super().__init__(f"{found}; expected {expected}; fix: {fix}".replace("\n", " "))


class ConfigError(UserError):
    """`params.yaml`, `conf/` or `dvc.yaml` says something that the schema does not allow."""


class SourceError(UserError):
    """A source of mail is missing, corrupt, or not of the declared layout."""


class EncoderError(UserError):
    """The encoder's files are missing or are not the pinned ones."""


class DataError(UserError):
    """The messages at hand cannot serve the stage that asked for them."""


class RegistryError(UserError):
    """The model registry is missing, unreachable, or holds other bytes than it says."""


class StoreError(UserError):
    """A store of predictions or of monitoring history is unreachable or refuses."""


class GitError(UserError):
    """The checkout is not in the state that it should be in, or its remote refuses."""


class ForgeError(UserError):
    """The forge (GitHub) cannot be reached or refuses."""


class StackError(UserError):
    """A service of the local stack cannot start, or does not answer."""


class BusyError(UserError):
    """Another process is at work on the same outputs."""


class StageError(UserError):
    """A stage failed under DVC and has said why; its exit status is passed on."""

    def __init__(self, found: str, *, status: int) -> None:
        super().__init__(
            found, expected="every stage to succeed", fix="see the stage's own line above"
        )
        self.exit_status = status


class GateError(UserError):
    """A gate said no: exit status 3."""

    exit_status = 3


def full_disk(error: OSError) -> UserError | None:
    """Return what to tell a person if the disk is full, else None."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    where = f": {error.filename}" if error.filename else ""
    return UserError(
        f"{error.strerror}{where}",
        expected="room for what is being written",
        fix="free some, then run the same again: nothing is half-written",
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `", did you mean 'x'?"` for the known name closest to `name`, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean '{close[0]}'?" if close else ""
