"""How soon the local stack answers, and how much memory it takes when idle.

    python -m benchmarks.stack

Starts S3, PostgreSQL and the MLflow server in a temporary folder on ports of its own, three times
from empty data and three times on what the first start made, and writes `benchmarks/stack.json`.
Memory counts shared pages in proportion (PSS), a minute after the start; supervisor is in it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import measured_on
from stages.machine.edge import guarded
from stages.machine.files import write_json
from stages.stack.local import LocalStack, megabytes
from stages.stack.settings import PORTS, write_settings

RESULT = Path(__file__).with_suffix(".json")
STARTS = 3
IDLE_SECONDS = 60
# Beside a stack of this checkout that may be running.
_SHIFT = 12_000


def main() -> None:
    """Measure, and write the result."""
    first: list[float] = []
    again: list[float] = []
    memory: dict[str, int] = {}
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as folder:
            write_settings(
                Path(folder) / ".env", {name: port + _SHIFT for name, port in PORTS.items()}
            )
            stack = LocalStack(Path(folder))
            try:
                first.append(_seconds(stack))
                stack.down()
                again.append(_seconds(stack))
                if not memory:
                    time.sleep(IDLE_SECONDS)
                    memory = {status.title: status.megabytes for status in stack.status()}
                    # The others are its children.
                    everything = megabytes(stack.supervisor.process())
                    memory["supervisor"] = everything - sum(memory.values())
            finally:
                stack.down()
    result = {
        "machine": measured_on(),
        "first_start_seconds_median": round(statistics.median(first), 1),
        "next_start_seconds_median": round(statistics.median(again), 1),
        "idle_megabytes": memory,
        "idle_megabytes_total": sum(memory.values()),
    }
    write_json(RESULT, result)
    print(result)


def _seconds(stack: LocalStack) -> float:
    began = time.monotonic()
    stack.up()
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.stack", main))
