"""DVC's default remote as this machine knows it: address in `.dvc/config`, secrets elsewhere.

Endpoint and credentials come from the environment (`.env`), or from `.dvc/config.local` as DVC
reads it; git has neither.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.machine.address import private_parts, shown
from stages.machine.errors import ConfigError
from stages.machine.redaction import cleaned
from stages.machine.variables import (
    S3_CONTAINER_FULL,
    S3_CONTAINER_RELATIVE,
    S3_CREDENTIALS_FILE,
    S3_ENDPOINT,
    S3_ENDPOINT_FIRST,
    S3_KEY,
    S3_PROFILE,
    S3_SECRET,
    S3_WEB_IDENTITY,
)
from stages.records.layout import HERE, Layout
from stages.stores.s3_check import Store, check

# DVC's names of what every S3 client takes, and the client's.
_ACCESS = {
    "endpointurl": "endpoint_url",
    "region": "region_name",
    "access_key_id": "aws_access_key_id",
    "secret_access_key": "aws_secret_access_key",
    "session_token": "aws_session_token",
}
# Of any kind of remote.
_SECRET_OPTION = re.compile("password|secret|token|sas|account_key|connection_string|passphrase")
# Any of these means that S3 was set up on this machine.
_VARIABLES = (
    S3_ENDPOINT_FIRST,
    S3_ENDPOINT,
    S3_KEY,
    S3_PROFILE,
    S3_CREDENTIALS_FILE,
    S3_WEB_IDENTITY,
    S3_CONTAINER_FULL,
    S3_CONTAINER_RELATIVE,
)


@dataclass(frozen=True)
class Remote:
    """The default remote of this checkout.

    Args:
        url: where it is; None if DVC has no default remote.
        options: its options in DVC's configuration, `config.local` included.
    """

    url: str | None
    options: Mapping[str, Any]

    @property
    def in_s3(self) -> bool:
        """Whether it is in S3: any other kind is DVC's business alone."""
        return bool(self.url and self.url.startswith("s3://"))

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return shown(self.url or "")

    def set_up(self, environment: Mapping[str, str] = os.environ) -> bool:
        """Return whether this machine knows how to reach it.

        The clone of somebody without an account doesn't: the remote is then ignored, and nobody
        waits for the internet to refuse.
        """
        if not self.in_s3:
            return self.url is not None
        private = {*_ACCESS, "profile", "credentialpath"} & self.options.keys()
        shared = Path(environment.get("HOME", "/")) / ".aws" / "credentials"
        return bool(private) or any(map(environment.get, _VARIABLES)) or shared.exists()

    def check(self, *, trouble: str, then: str) -> None:
        """Fail within seconds, and say why, unless the remote answers.

        Args:
            trouble: what the failure means; the line begins with it.
            then: the command to run once it is fixed.

        Raises:
            StoreError: see `stages.stores.s3_check.check`; or nobody has set it up here.
        """
        assert self.url is not None  # noqa: S101 -- callers ask `in_s3` first
        store = Store(self.url, "remote.storage.url in .dvc/config", trouble, then)
        if not self.set_up():
            raise store.error(
                "this machine has neither its address nor credentials",
                f"`make up` starts one here, or set {S3_ENDPOINT}, {S3_KEY} and "
                f"{S3_SECRET} in .env",
            )
        given = {_ACCESS[name]: self.options[name] for name in _ACCESS if name in self.options}
        check(store, profile=self.options.get("profile"), **given)


@contextmanager
def readable_config(layout: Layout = HERE) -> Iterator[None]:
    """Turn what DVC raises of its configuration into one line.

    Raises:
        ConfigError: DVC cannot read it; or a file of DVC's is a pipe, for which it would wait.
    """
    from dvc.config import ConfigError as DvcConfigError

    for path in (layout.root / ".dvc" / "config", layout.lock, layout.pipeline, layout.pointer):
        if path.exists() and not path.is_file():
            raise ConfigError(
                f"{path} is not a file",
                expected="a regular file, as git has it",
                fix=f"remove it, then `git checkout -- {layout.inside(path)}`",
            )
    try:
        yield
    except DvcConfigError as error:
        # The first line says it; an address in the others may hold a password.
        line = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ConfigError(
            f"DVC: {cleaned(line)}",
            expected="a configuration that DVC can read, in .dvc/config and beside it",
            fix="git checkout -- .dvc/config",
        ) from error


def default_remote(layout: Layout = HERE) -> Remote:
    """Return the default remote that DVC's configuration names in the checkout `layout`.

    Raises:
        ConfigError: DVC cannot read its configuration.
    """
    found = _configuration(layout)
    name = found["core"].get("remote")
    options = found["remote"].get(name, {}) if name else {}
    return Remote(options.get("url"), options)


def secret_words(layout: Layout = HERE) -> frozenset[str]:
    """Return what DVC must not say of the remotes of the checkout `layout`: see `cleaned`."""
    from dvc.exceptions import DvcException

    found: set[str] = set()
    # Where DVC cannot read its own configuration it has no words about a remote.
    with suppress(ConfigError, DvcException, OSError):
        for options in _configuration(layout)["remote"].values():
            for name, value in options.items():
                if _SECRET_OPTION.search(name):
                    found.add(str(value))
                elif name.endswith("url"):
                    found |= private_parts(str(value))
    return frozenset(found)


def _configuration(layout: Layout) -> Mapping[str, Any]:
    from dvc.config import Config
    from dvc.exceptions import NotDvcRepoError
    from dvc.repo import Repo

    folder = None
    with suppress(NotDvcRepoError):
        folder = Repo.find_dvc_dir(str(layout.root))
    with readable_config(layout):
        return Config(dvc_dir=folder)  # type: ignore[no-any-return]
