"""Do other kinds of processor give the same bytes? Every stage, here and emulated.

    python -m benchmarks.processors [--messages N] [--tokens N] [--only NAME ...]

Runs the stages (`benchmarks.every_stage`) on a small sample of the default corpus, here and under
QEMU as other processors, and compares the digest of every file that they write. Writes
`benchmarks/processors.json`. Needs the package qemu-user of the operating system, and some minutes
a processor.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import call, measured_on
from stages import config
from stages.machine.cache import cache_dir
from stages.machine.edge import guarded
from stages.machine.errors import DataError
from stages.machine.files import write_json, write_text
from stages.machine.pinning import PINNED_ENVIRONMENT
from stages.machine.variables import CACHE
from stages.records.layout import Layout

RESULT = Path(__file__).with_suffix(".json")
ROOT = Path(__file__).resolve().parents[1]
EMULATOR = "qemu-x86_64"
# QEMU's name of a model, and what it is.
PROCESSORS = {
    "Haswell": "Intel of 2013, with AVX2",
    "EPYC": "AMD of 2017, with AVX2",
}
MESSAGES, TOKENS = 120, 32


@dataclass(frozen=True)
class Ran:
    """What a processor made: the digest of each file, and the seconds of each stage."""

    digests: dict[str, str]
    seconds: dict[str, float]


def main() -> None:
    """Measure, and write the result."""
    parser = argparse.ArgumentParser(description="Compare the bytes of emulated processors.")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="of each split, at most")
    parser.add_argument("--tokens", type=int, default=TOKENS, help="that are read of a text")
    parser.add_argument("--only", nargs="+", choices=PROCESSORS, default=list(PROCESSORS))
    options = parser.parse_args()
    check_emulator()
    overrides = [
        "size=small",
        f"window.max_messages={options.messages}",
        f"encoder.max_tokens={options.tokens}",
    ]
    with tempfile.TemporaryDirectory() as folder:
        here = run(Path(folder) / "here", overrides)
        rows: dict[str, object] = {"here": {"seconds": here.seconds}}
        for name in options.only:
            there = run(Path(folder) / name, overrides, emulator(name))
            differing = different(here, there)
            rows[name] = {
                "what": PROCESSORS[name],
                "same": len(here.digests) - len(differing),
                "differing": differing,
                "seconds": there.seconds,
            }
            print(name, rows[name])
    sample = {"messages": options.messages, "tokens": options.tokens}
    write_json(RESULT, {"machine": measured_on(), "sample": sample, "processors": rows})


def check_emulator() -> None:
    """Raise a `DataError` unless QEMU is there."""
    if shutil.which(EMULATOR) is None:
        raise DataError(
            f"the program {EMULATOR} is not installed",
            expected="QEMU's user-mode emulation",
            fix="apt-get install qemu-user",
        )


def emulator(processor: str) -> tuple[str, ...]:
    """Return what stands before a program that runs as on `processor`."""
    return (EMULATOR, "-cpu", processor)


def run(folder: Path, overrides: Sequence[str], before: Sequence[str] = ()) -> Ran:
    """Run all stages in `folder`, which is made, under the emulator `before`."""
    layout = Layout(folder)
    write_text(layout.params, config.params_text(config.compose(overrides, ROOT / "conf")))
    cache = folder / "cache"
    cache.mkdir()
    # What was downloaded, and no embedding: another processor's must not be found.
    for archive in cache_dir().glob("*.tgz*"):
        shutil.copyfile(archive, cache / archive.name)
    # The real binary: in a virtual environment there is a link to it, which cannot be emulated.
    python = os.path.realpath(sys.executable)
    command = [*before, python, "-m", "benchmarks.every_stage", str(folder)]
    return Ran(**json.loads(call(command, cwd=ROOT, env=_environment(cache))))


def different(here: Ran, there: Ran) -> list[str]:
    """Return the files that are not the same, sorted."""
    names = here.digests.keys() | there.digests.keys()
    return sorted(name for name in names if here.digests.get(name) != there.digests.get(name))


def _environment(cache: Path) -> dict[str, str]:
    """Return the pinned environment, in which the real Python finds this one's packages."""
    packages = [place for place in sys.path if place.endswith("packages")]
    imports = {"PYTHONPATH": os.pathsep.join([str(ROOT), *packages]), CACHE: str(cache)}
    return os.environ | PINNED_ENVIRONMENT | imports


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.processors", main))
