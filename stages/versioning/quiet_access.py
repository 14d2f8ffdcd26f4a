"""A password in the address of a remote, kept out of the arguments of git's own processes.

Git hands the whole address to its helpers as an argument, for anybody on the machine to read. What
is in the environment only the user may read: there the address has no password, and the password
is behind a credential helper.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

_WITH_USER = re.compile(r"(https?://)([^@/\s:]+)(?::([^@/\s]*))?@([^@\s]+)")
_USER, _PASSWORD = "GIT_REMOTE_USER", "GIT_REMOTE_PASSWORD"
# `printf` is the shell's own: no process gets the words as arguments.
_HELPER = (
    '!f() { test "$1" = get || return 0; '
    f'printf \'username=%s\\npassword=%s\\n\' "${_USER}" "${_PASSWORD}"; }}; f'
)


def without_arguments(urls: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return what to add to `environment` so that git reaches `urls` and no argument has a secret.

    Args:
        urls: the addresses of one remote, as git's configuration has them.
        environment: may have settings of git's already, which stay.
    """
    added: dict[str, str] = {}
    settings: list[tuple[str, str]] = []
    for url in urls:
        if found := _WITH_USER.fullmatch(url):
            scheme, user, password, rest = found.groups()
            settings += _settings(f"{scheme}{rest}", url, user, password)
            added |= {_USER: unquote(user), _PASSWORD: unquote(password or "")}
    first = _count(environment)
    for number, (key, value) in enumerate(settings, start=first):
        added |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return added | {"GIT_CONFIG_COUNT": str(first + len(settings))} if settings else {}


def _settings(bare: str, url: str, user: str, password: str | None) -> Iterator[tuple[str, str]]:
    scheme, _, rest = bare.partition("://")
    server = f"{scheme}://{rest.partition('/')[0]}"
    yield f"url.{bare}.insteadOf", url
    if password is None:
        # A token alone: whatever knows its password is asked for it.
        yield f"credential.{server}.username", unquote(user)
        return
    # An empty one forgets the helpers that are configured: the address wins, as it does in git.
    yield f"credential.{server}.helper", ""
    yield f"credential.{server}.helper", _HELPER


def _count(environment: Mapping[str, str]) -> int:
    found = environment.get("GIT_CONFIG_COUNT", "")
    return int(found) if found.isdigit() else 0
