"""How long a whole run takes on a fresh clone, with how much memory, and how long a no-op takes.

    python -m benchmarks.run

Clones this checkout's HEAD into a temporary folder with an empty home and mail cache, reproduces
everything with this Python, and writes `benchmarks/run.json`. The installation isn't counted; the
download of the corpus (20 MB) is.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import call, measured_on
from stages.machine.edge import guarded
from stages.machine.files import write_json

RESULT = Path(__file__).with_suffix(".json")
ROOT = Path(__file__).resolve().parents[1]
NO_OPS = 5


def main() -> None:
    """Measure, and write the result."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "spamline"
        call(["git", "clone", "--quiet", ROOT, clone])
        environment = _environment(Path(folder))
        run = _seconds(clone, environment, "-m", "stages", "run")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        nothing = sorted(_seconds(clone, environment, "-m", "dvc", "repro") for _ in range(NO_OPS))
    result = {
        "machine": measured_on(),
        "run_seconds": round(run),
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


def _seconds(clone: Path, environment: dict[str, str], *arguments: str) -> float:
    start = time.monotonic()
    print(call([sys.executable, *arguments], cwd=clone, env=environment))
    return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.run", main))
