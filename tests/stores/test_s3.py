"""What a person reads when S3 fails: each trouble by its own name, against a real server."""

from __future__ import annotations

import http.server
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from stages.machine.address import shown
from stages.machine.errors import StoreError
from stages.machine.variables import S3_ENDPOINT, S3_KEY, S3_SECRET
from stages.stack.service import program
from stages.stores.s3 import filesystem
from stages.stores.s3_check import Store, check, reported
from tests.servers import free_port

pytestmark = pytest.mark.slow


def store(url: str) -> Store:
    return Store(url, setting="THE_SETTING", trouble="nothing is lost", then="make run")


def refused(url: str) -> str:
    """Return the one line of a store that is refused within seconds."""
    began = time.monotonic()
    with pytest.raises(StoreError) as caught:
        check(store(url))
    assert time.monotonic() - began < 10
    line = str(caught.value)
    assert line.startswith(f"nothing is lost: {shown(url)}: ")
    assert line.endswith("then `make run`")
    assert "\n" not in line
    return line


def test_a_store_that_answers(s3_place: str) -> None:
    with reported(store(s3_place)):
        filesystem().pipe(f"{s3_place}/a", b"content")
        assert filesystem().cat(f"{s3_place}/a") == b"content"


def test_nobody_listens(s3_place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(S3_ENDPOINT, f"http://me:pass@127.0.0.1:{free_port()}")
    line = refused(s3_place)
    assert "is unreachable" in line
    assert f"correct {S3_ENDPOINT}" in line
    assert "pass" not in line


def test_what_listens_is_silent(s3_place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv(S3_ENDPOINT, f"http://127.0.0.1:{server.getsockname()[1]}")
        assert "is silent" in refused(s3_place)


@pytest.fixture
def web_server() -> Iterator[Callable[[int, bytes], str]]:
    """Return the address of a server that gives the same answer to everything."""
    answer: tuple[int, bytes] = (200, b"")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer[0])
            self.send_header("Content-Length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        do_HEAD = do_GET  # noqa: N815 -- as the base class calls it

        def log_message(self, *args: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serve(status: int, body: bytes) -> str:
        nonlocal answer
        answer = (status, body)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html><body>welcome</body></html>"),
        (200, b"ok"),
        (404, b'{"detail": "Not Found"}'),
        (403, b"<html/>"),
        (500, b"oops"),
        # The client follows this one to itself, without end.
        (301, b""),
    ],
)
def test_what_answers_is_no_s3(
    s3_place: str,
    monkeypatch: pytest.MonkeyPatch,
    web_server: Callable[[int, bytes], str],
    status: int,
    body: bytes,
) -> None:
    monkeypatch.setenv(S3_ENDPOINT, web_server(status, body))
    assert "is not an S3 server" in refused(s3_place)


def test_what_answers_speaks_no_http(
    postgres_environment: dict[str, str], s3_place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = postgres_environment["SPAMLINE_POSTGRES_PORT"]
    monkeypatch.setenv(S3_ENDPOINT, f"http://127.0.0.1:{port}")
    assert f"http://127.0.0.1:{port} is not an S3 server" in refused(s3_place)


@pytest.mark.parametrize(
    ("changes", "found", "fix"),
    [
        ({S3_KEY: "SOMEBODYELSE"}, "the access key is unknown", f"correct {S3_KEY}"),
        (
            {S3_SECRET: "wrong-secret"},
            "the secret is wrong for this access key",
            f"correct {S3_SECRET}",
        ),
        ({S3_KEY: "", S3_SECRET: ""}, "there are no credentials", f"set {S3_KEY} and {S3_SECRET}"),
        ({"AWS_PROFILE": "nobody"}, "there are no credentials", "AWS_PROFILE"),
        ({S3_ENDPOINT: "me:pass@127.0.0.1"}, "its address is malformed", f"correct {S3_ENDPOINT}"),
    ],
)
def test_wrong_settings(
    s3_place: str, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], found: str, fix: str
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    line = refused(s3_place)
    assert found in line
    assert fix in line
    assert "wrong-secret" not in line
    assert "pass" not in line


def test_missing_bucket_and_what_is_no_bucket(s3_place: str) -> None:
    line = refused("s3://no-such-bucket/x")
    assert "there is no bucket no-such-bucket" in line
    assert "THE_SETTING" in line
    assert "is not a bucket's name" in refused("s3://no bucket/x")


def test_missing_object(s3_place: str) -> None:
    with (
        pytest.raises(StoreError, match=r"an object is missing: .*nothing.*THE_SETTING"),
        reported(store(s3_place)),
    ):
        filesystem().cat(f"{s3_place}/nothing")


def test_access_key_that_may_only_read(
    s3_place: str, s3_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = "s3.configure -user reader -access_key READER -secret_key reader-secret "
    command += "-buckets spamline -actions Read,List -apply\n"
    first = int(s3_environment["SPAMLINE_S3_PORT"])
    subprocess.run(
        [program("weed"), "shell", f"-master=127.0.0.1:{first + 2}.{first + 3}"],
        input=command,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    monkeypatch.setenv(S3_KEY, "READER")
    monkeypatch.setenv(S3_SECRET, "reader-secret")
    check(store(s3_place))
    with (
        pytest.raises(StoreError, match="no permission for it") as caught,
        reported(store(s3_place)),
    ):
        filesystem().pipe(f"{s3_place}/a", b"content")
    assert f"another {S3_KEY}" in str(caught.value)
