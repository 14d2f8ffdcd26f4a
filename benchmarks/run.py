"""How long a whole run takes on a fresh clone, by stage, with how much memory; and a no-op.

    python -m benchmarks.run

Clones this checkout's HEAD into a temporary folder with an empty home and mail cache, reproduces
everything with this Python, and writes `benchmarks/run.json`. The installation isn't counted; the
download of the corpus (20 MB) is.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import call, measured_on
from stages.machine.edge import guarded
from stages.machine.errors import StageError
from stages.machine.files import write_json

RESULT = Path(__file__).with_suffix(".json")
ROOT = Path(__file__).resolve().parents[1]
NO_OPS = 5
_BEGINS = re.compile(r"Running stage '(.+)'")


def main() -> None:
    """Measure, and write the result."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "spamline"
        call(["git", "clone", "--quiet", ROOT, clone])
        environment = _environment(Path(folder))
        start = time.monotonic()
        stages = _stages(clone, environment)
        run = time.monotonic() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        nothing = sorted(_seconds(clone, environment, "-m", "dvc", "repro") for _ in range(NO_OPS))
    result = {
        "machine": measured_on(),
        "run_seconds": round(run),
        "stage_seconds": stages,
        "peak_megabytes": round(peak / 1024),
        "no_op_seconds_median": round(nothing[NO_OPS // 2], 1),
    }
    write_json(RESULT, result)
    print(result)


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which nothing of this user's is found."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "SPAMLINE", "DVC"))}
    kept.pop("PYTHONPATH", None)
    home, cache = folder / "home", folder / "cache"
    home.mkdir()
    return kept | {"HOME": str(home), "SPAMLINE_CACHE": str(cache), "PATH": path}


def _stages(clone: Path, environment: dict[str, str]) -> dict[str, float]:
    """Run the pipeline; return the seconds of each stage, from DVC's word on it to the next."""
    seconds: dict[str, float] = {}
    command = [sys.executable, "-u", "-m", "stages", "run"]
    with subprocess.Popen(
        command, cwd=clone, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 -- it is a pipe
        name, since = "", time.monotonic()
        for line in process.stdout:
            print(line, end="", flush=True)
            if found := _BEGINS.match(line):
                now = time.monotonic()
                if name:
                    seconds[name] = round(now - since, 1)
                name, since = found[1], now
        seconds[name] = round(time.monotonic() - since, 1)
    if process.returncode:
        raise StageError("the run failed", status=process.returncode)
    return seconds


def _seconds(clone: Path, environment: dict[str, str], *arguments: str) -> float:
    start = time.monotonic()
    print(call([sys.executable, *arguments], cwd=clone, env=environment))
    return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.run", main))
