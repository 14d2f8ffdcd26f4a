"""`make up`, `make down` and `make status`: the local stack as a whole."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.console import say
from stages.machine.environment import DOTENV
from stages.machine.errors import StackError
from stages.machine.files import exclusive
from stages.machine.redaction import cleaned
from stages.records.layout import Layout
from stages.stack.mlflow_server import mlflow
from stages.stack.postgres import postgres
from stages.stack.s3 import s3
from stages.stack.service import HOST, Service
from stages.stack.settings import write_settings
from stages.stack.supervision import Supervisor

if TYPE_CHECKING:
    import psutil

# MLflow makes its tables at its first start.
_READY_SECONDS = 120.0


@dataclass(frozen=True)
class Status:
    """How one service is.

    Args:
        title: what people call it.
        state: `"running"`, `"starting"`, `"not answering"` or `"stopped"`.
        address: where it is reached.
        process: its process id, if it runs.
        megabytes: the memory of it and its children, shared pages counted in proportion.
    """

    title: str
    state: str
    address: str
    process: int | None
    megabytes: int


class LocalStack:
    """The stack of the checkout at `root`.

    Args:
        root: the checkout; its `.env` and `data/stack/` are the stack's.
    """

    def __init__(self, root: Path = Path()) -> None:
        root = root.resolve()
        self.dotenv = root / DOTENV
        self._home = Layout(root).stack
        self.supervisor = Supervisor(self._home)

    def up(self, only: str | None = None) -> bool:
        """Start what does not run, and wait until it answers; return whether anything was started.

        Args:
            only: the name of the one service to start; all by default.

        Raises:
            StackError: a port is taken, or a service does not come up.
            ConfigError: `.env` cannot be used.
            BusyError: another process is starting or stopping the stack.
        """
        with self._alone():
            found = self.services()
            if not self.supervisor.running:
                self._sweep()
                self.supervisor.start(found.values())
            wanted = [found[only]] if only else found.values()
            started = [self._bring_up(service) for service in wanted]
            return any(started)

    def down(self) -> bool:
        """Stop everything; return whether anything ran. The data stays."""
        with self._alone():
            ran = self.supervisor.running
            if ran:
                self.supervisor.shutdown()
            return self._sweep() or ran

    def status(self) -> list[Status]:
        """Return how each service is.

        Raises:
            StackError: there is no stack here: no `.env`.
        """
        if not self.dotenv.exists():
            raise StackError(
                f"there is no {DOTENV} here",
                expected="the one of a stack that was started here",
                fix="make up",
            )
        return [self._status(service) for service in self.services().values()]

    def services(self) -> dict[str, Service]:
        """Return the services by name, in the order of their start, as `.env` has them."""
        settings = self.settings()
        made = (make(self._home / make.__name__, settings) for make in (s3, postgres, mlflow))
        return {service.name: service for service in made}

    def settings(self) -> Mapping[str, str]:
        """Return what `.env` says, written now where it lacks something."""
        return write_settings(self.dotenv)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with exclusive(self._home / ".lock", "another `make up` or `make down`"):
            yield

    def _bring_up(self, service: Service) -> bool:
        state = self.supervisor.state(service.name)["statename"]
        if state == "RUNNING" and service.answers():
            return False
        began = time.monotonic()
        if state not in ("RUNNING", "STARTING"):
            _check_ports(service)
            service.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            service.prepare()
            self.supervisor.start_service(service.name)
        self._wait(service, began)
        service.complete()
        say(f"up: {service.title:<15} {service.address:<16} {time.monotonic() - began:.1f} s")
        return True

    def _wait(self, service: Service, began: float) -> None:
        while not service.answers():
            state = self.supervisor.state(service.name)["statename"]
            if state in ("FATAL", "EXITED") or time.monotonic() - began > _READY_SECONDS:
                words = cleaned(
                    self.supervisor.last_words(service.name), environment=service.environment
                )
                self.supervisor.stop_service(service.name)
                raise StackError(
                    f"{service.title} does not answer at {service.address} ({state.lower()}); its "
                    f"last words: {words[:200]}",
                    expected=f"an answer within {_READY_SECONDS:g} s",
                    fix=f"look at {self.supervisor.logs / service.name}.log, then `make up`",
                )
            time.sleep(0.2)

    def _status(self, service: Service) -> Status:
        known = self.supervisor.state(service.name) if self.supervisor.running else {}
        process = known.get("pid") or None
        answers = process is not None and service.answers()
        state = known.get("statename", "STOPPED").lower()
        if state == "running" and not answers:
            state = "not answering"
        return Status(
            service.title, state, service.address, process, megabytes(process) if process else 0
        )

    def _sweep(self) -> bool:
        """End what a killed supervisord left running; return whether there was any."""
        import psutil

        left = [process for process in psutil.process_iter() if self._is_ours(process)]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        for process in psutil.wait_procs(left, timeout=10)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return bool(left)

    def _is_ours(self, process: psutil.Process) -> bool:
        """Whether a process works in a folder of ours, as the services and their children do."""
        import psutil

        with contextlib.suppress(psutil.Error, OSError):
            return self._home in Path(process.cwd()).parents
        return False


def _check_ports(service: Service) -> None:
    """Fail unless each port of `service` is free.

    Raises:
        StackError: names the port, what wants it, and the setting that moves it.
    """
    for what, number in service.ports.items():
        with socket.socket() as probe:
            # As servers do: a port that is only cooling down is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, number))
            except OSError as error:
                raise StackError(
                    f"port {number}, which {service.title} needs for {what}, is taken "
                    f"({error.strerror})",
                    expected="a free port",
                    fix=f"stop what listens there, or set {service.variable} in .env; then "
                    "`make up`",
                ) from None


def megabytes(process: int) -> int:
    """Return the memory of a process and its children in MiB, shared pages in proportion."""
    import psutil

    total = 0
    with contextlib.suppress(psutil.Error):
        family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
        for member in family:
            with contextlib.suppress(psutil.Error):
                memory = member.memory_full_info()
                total += getattr(memory, "pss", memory.rss)
    return round(total / 2**20)
