"""Calls of the command line in forks of one process that has imported it: a second less for each.

A call has its own process, folder, environment and output, as `python -m stages` has. What it lacks
is the start of Python, which the tests that use `Project.start` have.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import IO

from stages.machine.pinning import PINNED_ENVIRONMENT

ROOT = Path(__file__).resolve().parents[2]
# What most calls import, and nothing that looks at the environment meanwhile.
IMPORTED = ("stages.config", "stages.run.stage", "stages.fetch", "stages.embed", "stages.infer")


class Forks:
    """The process that is forked; it ends with this one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            env=os.environ | PINNED_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._process.communicate)

    def call(
        self, arguments: tuple[str, ...], folder: Path, environment: dict[str, str]
    ) -> tuple[int, str, str]:
        """Return exit status, output and errors of `python -m stages ...` in `folder`."""
        with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
            asked = {
                "arguments": arguments,
                "folder": str(folder),
                "environment": environment | PINNED_ENVIRONMENT,
                "streams": [out.name, err.name],
            }
            status = int(self._ask(json.dumps(asked)))
            texts = [Path(stream.name).read_text(encoding="utf-8") for stream in (out, err)]
        return status, texts[0], texts[1]

    def _ask(self, line: str) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        print(line, file=stdin, flush=True)
        return stdout.readline()


@functools.cache
def forks() -> Forks:
    """Return the process of this test run."""
    return Forks()


def serve(requests: IO[str]) -> None:
    """Answer each line of `requests` with the exit status of the call that it describes."""
    for name in IMPORTED:
        __import__(name)
    for line in requests:
        child = os.fork()
        if child == 0:
            _become(**json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(
    arguments: list[str], folder: str, environment: dict[str, str], streams: list[str]
) -> None:
    """Do one call and exit."""
    from stages.cli.entry import main

    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in enumerate(streams, start=1):
            os.dup2(os.open(name, os.O_WRONLY), number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = [str(Path(folder) / "stages/__main__.py"), *arguments]
        status = main()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve(sys.stdin)
