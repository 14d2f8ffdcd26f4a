"""The machine and the day of a measurement, which are printed beside every figure."""

from __future__ import annotations

import datetime as dt
import os
import platform
from pathlib import Path
from typing import Any


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
