"""The errors that a user can fix; what others raise of that kind is told in `faults.py`."""

from __future__ import annotations

import difflib
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
    """`params.yaml`, `conf/`, `dvc.yaml` or the environment has a value that is not allowed."""


class SourceError(UserError):
    """A source of mail is missing, corrupt, or not of the declared layout."""


class EncoderError(UserError):
    """The encoder's files are missing or are not the pinned ones."""


class DataError(UserError):
    """The messages do not suffice for the stage that needs them."""


class ComputeError(UserError):
    """The cluster is not reachable, or a node of it cannot do its part."""


class RegistryError(UserError):
    """The model registry is missing or unreachable, or a model's bytes differ from its digest."""


class StoreError(UserError):
    """A store of predictions or of monitoring history is unreachable or refuses a request."""


class GitError(UserError):
    """The checkout is in the wrong state, or its remote refuses."""


class ForgeError(UserError):
    """The forge (GitHub) cannot be reached or refuses."""


class StackError(UserError):
    """A service of the local stack cannot start, or does not answer."""


class BusyError(UserError):
    """Another process is writing the same outputs."""


class StageError(UserError):
    """A stage failed under DVC and printed why; this passes its exit status on."""

    def __init__(self, found: str, *, status: int) -> None:
        super().__init__(
            found, expected="every stage to succeed", fix="see the stage's own line above"
        )
        self.exit_status = status


class GateError(UserError):
    """A gate said no: exit status 3."""

    exit_status = 3


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `", did you mean 'x'?"` for the known name closest to `name`, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean '{close[0]}'?" if close else ""
