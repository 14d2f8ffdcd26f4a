"""The machine and the day of a measurement, which are printed beside every figure."""

from __future__ import annotations

import datetime as dt
import os
import platform
import resource
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stages.machine.errors import DataError, StageError
from stages.machine.files import read_json


def measured_on() -> dict[str, Any]:
    """Return the date, the cores, the memory in GiB, and the Python version."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30),
        "processor": _processor(),
        "python": platform.python_version(),
    }


def read_results(path: Path) -> Any:
    """Return what a benchmark measured and wrote to `path`.

    Raises:
        DataError: there is no such file, or it is not JSON.
    """
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        found = "it does not exist" if isinstance(error, FileNotFoundError) else str(error)
        raise DataError(
            f"{path} cannot be read: {found}",
            expected="what a benchmark measured",
            fix=f"git checkout -- {path}",
        ) from error


def call(command: Sequence[str | Path], **options: Any) -> str:
    """Run a program to its end; return what it prints; its errors appear as they are.

    Args:
        command: the program and its arguments.
        options: of `subprocess.run`.

    Raises:
        StageError: it failed, and said why.
    """
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode:
        words = " ".join(map(str, command[1:]))
        raise StageError(f"{words} exited with {done.returncode}", status=done.returncode)
    return str(done.stdout)


def peak_megabytes() -> int:
    """Return the most memory that this process has held since its program began.

    Not `ru_maxrss` where it can be helped: that counts what the process was forked from, too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return round(int(line.split()[1]) / 1024)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.split(":", 1)[1].strip()
        for line in (cpuinfo.read_text().splitlines() if cpuinfo.exists() else [])
        if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()


def shown(machine: dict[str, Any]) -> str:
    """Return the machine and the day in a few words."""
    return f"{machine['date']}, {machine['cores']} cores, {machine['memory_gib']} GiB"
