"""The adapter of supervisor, which keeps the services running and writes their logs."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stages.machine.errors import StackError
from stages.machine.files import write_text
from stages.machine.redaction import cleaned
from stages.stack.service import Service

# Of the kernel, for the path of a socket.
_SOCKET_BYTES = 107
_SECONDS = 20.0


class Supervisor:
    """One supervisord with its files in `folder`.

    Args:
        folder: gets its socket, its configuration and the logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._socket = self._folder / "supervisor.sock"
        self.logs = self._folder / "logs"

    @property
    def running(self) -> bool:
        """Whether it answers."""
        with contextlib.suppress(OSError, StackError):
            self._call("getState")
            return True
        return False

    def start(self, services: Iterable[Service]) -> None:
        """Start supervisord for `services`; none of them is started yet.

        Raises:
            StackError: it does not come up.
        """
        services = list(services)
        if len(os.fsencode(self._socket)) > _SOCKET_BYTES:
            raise StackError(
                f"{self._socket} is too long a path for a socket",
                expected=f"at most {_SOCKET_BYTES} bytes",
                fix="move the checkout into a folder with a shorter path, then `make up`",
            )
        self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        configuration = self._folder / "supervisor.conf"
        write_text(configuration, self._configuration(services))
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        for service in services:
            environment |= service.environment
        done = _run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)],
            environment,
        )
        until = time.monotonic() + _SECONDS
        while not self.running:
            if done.returncode or time.monotonic() > until:
                said = (done.stderr + done.stdout).strip().splitlines() or ["nothing said"]
                raise StackError(
                    f"supervisord did not start: "
                    f"{cleaned(said[-1], environment=environment)[:200]}",
                    expected="its socket to answer",
                    fix=f"look at {self.logs}, then `make up`",
                )
            time.sleep(0.05)

    def state(self, name: str) -> dict[str, Any]:
        """Return what supervisord knows of a service: `statename`, `pid`, `start`, `now`."""
        found: dict[str, Any] = self._call("getProcessInfo", name)
        return found

    def start_service(self, name: str) -> None:
        """Start a service that does not run; whether it answers is another question."""
        if self.state(name)["statename"] not in ("RUNNING", "STARTING"):
            self._call("startProcess", name, False)

    def stop_service(self, name: str) -> None:
        """Stop a service that runs, and wait until it has ended."""
        if self.state(name)["statename"] in ("RUNNING", "STARTING", "BACKOFF"):
            self._call("stopProcess", name)

    def process(self) -> int:
        """Return its own process id."""
        found: int = self._call("getPID")
        return found

    def shutdown(self) -> None:
        """Stop everything in the reverse order of its start, and wait until it has ended."""
        from psutil import pid_exists

        process = self.process()
        for state in reversed(self._call("getAllProcessInfo")):
            self.stop_service(state["name"])
        self._call("shutdown")
        until = time.monotonic() + _SECONDS
        while pid_exists(process) and time.monotonic() < until:
            time.sleep(0.05)

    def last_words(self, name: str) -> str:
        """Return the last line that a service logged."""
        log = self.logs / f"{name}.log"
        lines = (
            log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        )
        return next((line.strip() for line in reversed(lines) if line.strip()), "nothing logged")

    def _call(self, method: str, *arguments: object) -> Any:
        """Ask supervisord.

        Raises:
            OSError: it does not run.
            StackError: it refuses.
        """
        from xmlrpc.client import Fault, ServerProxy

        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        with ServerProxy("http://localhost", transport=transport) as server:
            try:
                return getattr(server.supervisor, method)(*arguments)
            except Fault as fault:
                raise StackError(
                    f"supervisor refused {method} {' '.join(map(str, arguments))}: "
                    f"{fault.faultString}",
                    expected="a stack of this version of the code",
                    fix="`make down`, then `make up`",
                ) from None

    def _configuration(self, services: Iterable[Service]) -> str:
        """Return supervisord's configuration: no secret is in it."""
        sections: dict[str, dict[str, object]] = {
            "supervisord": {
                "logfile": self.logs / "supervisord.log",
                "pidfile": self._folder / "supervisord.pid",
                "childlogdir": self.logs,
                "umask": "077",
                # Naming the user silences supervisor's warning; PostgreSQL drops root itself.
                **({"user": "root"} if os.geteuid() == 0 else {}),
            },
            "unix_http_server": {"file": self._socket, "chmod": "0700"},
            "rpcinterface:supervisor": {
                "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
            },
        }
        for priority, service in enumerate(services):
            sections[f"program:{service.name}"] = {
                "command": shlex.join(service.command),
                "directory": service.folder,
                "priority": priority,
                "autostart": "false",
                "autorestart": "true",
                "startsecs": 1,
                "stopsignal": service.stop_signal,
                "stopwaitsecs": round(_SECONDS),
                "killasgroup": "true",
                "redirect_stderr": "true",
                "stdout_logfile": self.logs / f"{service.name}.log",
                "stdout_logfile_maxbytes": "10MB",
                "stdout_logfile_backups": 1,
            }
        return "\n".join(
            f"[{name}]\n" + "".join(f"{key}={_escaped(value)}\n" for key, value in section.items())
            for name, section in sections.items()
        )


# Nothing else of the caller's shell reaches a service.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


def _escaped(value: object) -> str:
    return str(value).replace("%", "%%")


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `command`; one that has not ended in time is killed, and has failed without a word."""
    try:
        return subprocess.run(  # noqa: S603 -- a list, no shell
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"not within {_SECONDS:g} s")
