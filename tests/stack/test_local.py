"""The stack as a person meets it: started, started again, in the way of others, killed, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stages.machine.environment import read_environment
from stages.machine.errors import BusyError, StackError
from stages.machine.files import exclusive
from tests.servers import Servers

pytestmark = pytest.mark.slow


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Servers]:
    """A stack of this test alone."""
    servers = Servers(tmp_path, number=5)
    yield servers
    servers.close()


def verb(servers: Servers, root: Path, name: str, status: int = 0) -> str:
    """Return what `python -m stages NAME` says in the stack's folder."""
    done = subprocess.run(
        [sys.executable, "-m", "stages", name],
        cwd=servers.root,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root), "HOME": str(servers.root)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def ours(servers: Servers) -> list[psutil.Process]:
    """The processes that work in the stack's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(f"{servers.root}/data/stack/"):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_from_up_to_down_as_a_person_does(own: Servers, root: Path) -> None:
    said = verb(own, root, "up")
    assert "up: ready in" in said
    assert read_environment(own.stack.dotenv)["MLFLOW_TRACKING_URI"] in said
    assert "already running" in verb(own, root, "up")
    table = verb(own, root, "status")
    assert table.count(" running ") == 3
    said = verb(own, root, "down")
    assert "down: stopped" in said
    assert not ours(own)
    assert "nothing was running" in verb(own, root, "down")
    said = verb(own, root, "status", status=2)
    assert said.count(" stopped ") == 3
    assert "fix: make up" in said


def test_asking_for_a_stack_that_never_was_makes_none(own: Servers, root: Path) -> None:
    own.stack.dotenv.unlink()
    assert "there is no .env here" in verb(own, root, "status", status=2)
    assert "nothing was running" in verb(own, root, "down")
    assert not own.stack.dotenv.exists()


def test_what_was_stored_is_there_after_the_next_start(own: Servers) -> None:
    own.start("s3")
    own.s3_client().put_object(Bucket="spamline", Key="a/b", Body=b"kept")
    own.stack.down()
    own.start("s3")
    assert own.s3_client().get_object(Bucket="spamline", Key="a/b")["Body"].read() == b"kept"


def test_a_taken_port_is_named_with_the_setting_that_moves_it(own: Servers) -> None:
    taken = int(own.environment["SPAMLINE_POSTGRES_PORT"])
    with socket.create_server(("127.0.0.1", taken)), pytest.raises(StackError) as caught:
        own.start("postgres")
    for words in (f"port {taken}", "PostgreSQL", "SPAMLINE_POSTGRES_PORT in .env"):
        assert words in str(caught.value)
    own.start("postgres")


def test_what_a_killed_supervisor_left_is_stopped(own: Servers) -> None:
    own.start("s3")
    own.start("postgres")
    os.kill(int((own.root / "data/stack/supervisord.pid").read_text()), signal.SIGKILL)
    assert ours(own)
    assert own.stack.down()
    assert not ours(own)
    own.start("postgres")


def test_a_server_that_dies_comes_back_by_itself(own: Servers) -> None:
    own.start("s3")
    service = own.stack.services()["s3"]
    before = own.stack.supervisor.state("s3")["pid"]
    os.killpg(before, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(before)] if psutil.pid_exists(before) else [], timeout=10)
    own.start("s3")
    assert service.answers()
    assert own.stack.supervisor.state("s3")["pid"] != before


def test_a_killed_initdb_is_no_obstacle(own: Servers) -> None:
    half = own.root / "data/stack/postgres/data"
    half.mkdir(parents=True)
    (half / "postgresql.conf").write_text("half of it")
    own.start("postgres")
    assert own.stack.services()["postgres"].answers()


def test_another_password_than_the_databases_own_is_one_line(own: Servers) -> None:
    own.start("postgres")
    own.stack.down()
    text = own.stack.dotenv.read_text()
    password = own.environment["POSTGRES_PASSWORD"]
    own.stack.dotenv.write_text(text.replace(password, "another"))
    with pytest.raises(StackError, match=r"refuses the POSTGRES_PASSWORD of \.env") as caught:
        own.start("postgres")
    assert password not in str(caught.value)


def test_a_server_that_cannot_start_says_where_to_look(own: Servers) -> None:
    own.start("postgres")
    own.stack.down()
    (own.root / "data/stack/postgres/data/postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(StackError) as caught:
        own.start("postgres")
    for words in ("PostgreSQL does not answer", "its last words", "logs/postgres.log"):
        assert words in str(caught.value)


def test_what_initdb_says_when_it_cannot_is_one_line(own: Servers) -> None:
    folder = own.root / "data/stack/postgres"
    folder.mkdir(parents=True)
    (folder / "data").write_text("a file where the databases should be")
    with pytest.raises(StackError, match=r"initdb failed with status 1: .*data/stack/logs"):
        own.start("postgres")


def test_a_supervisor_that_cannot_start_is_one_line(own: Servers) -> None:
    (own.root / "data/stack/supervisor.sock").mkdir(parents=True)
    with pytest.raises(StackError, match=r"supervisord did not start: .*`make up`"):
        own.start("s3")


def test_a_service_that_the_supervisor_does_not_know_is_one_line(own: Servers) -> None:
    own.start("s3")
    with pytest.raises(StackError, match=r"refused getProcessInfo nonsense.*`make down`"):
        own.stack.supervisor.state("nonsense")


def test_two_at_once_are_busy(own: Servers) -> None:
    with exclusive(own.root / "data/stack/.lock", "make up"), pytest.raises(BusyError):
        own.stack.up(only="s3")


def test_a_path_too_long_for_a_socket_is_said(tmp_path: Path) -> None:
    deep = Servers(tmp_path / ("d" * 90), number=6)
    with pytest.raises(StackError, match=r"too long a path for a socket"):
        deep.start("s3")
