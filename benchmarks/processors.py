"""Do other kinds of processor give the same bytes? Every stage, here and emulated.

    python -m benchmarks.processors [--messages N] [--tokens N] [--only NAME ...]

Runs the pipeline on a small sample of the default corpus in a clone of this checkout's HEAD, then
every stage of it again under QEMU as other processors, and compares the digest of every output.
Writes `benchmarks/processors.json`. Needs the package qemu-user of the operating system. An
emulated processor takes tens of minutes: it is some fifty times slower than a real one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.machine import call, measured_on
from stages.machine.console import say
from stages.machine.edge import guarded
from stages.machine.errors import DataError
from stages.machine.files import sha256, tree_digest, write_json
from stages.machine.pinning import PINNED_ENVIRONMENT

RESULT = Path(__file__).with_suffix(".json")
ROOT = Path(__file__).resolve().parents[1]
EMULATOR = "qemu-x86_64"
# QEMU's name of a model, and what it is.
PROCESSORS = {
    "Haswell": "Intel of 2013, AVX2",
    "EPYC": "AMD of 2017, AVX2",
    "Nehalem": "Intel of 2008, neither AVX nor FMA",
}
MESSAGES, TOKENS = 40, 32


@dataclass(frozen=True)
class Stage:
    """One stage of `dvc.lock`: its name, its command after `python`, and what it writes."""

    name: str
    arguments: tuple[str, ...]
    outputs: tuple[Path, ...]


def main() -> None:
    """Measure, and write the result."""
    parser = argparse.ArgumentParser(description="Compare the bytes of emulated processors.")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="of each split, at most")
    parser.add_argument("--tokens", type=int, default=TOKENS, help="that are read of a text")
    parser.add_argument("--only", nargs="+", choices=PROCESSORS, default=list(PROCESSORS))
    options = parser.parse_args()
    check_emulator()
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "here"
        call(["git", "clone", "--quiet", ROOT, clone])
        shrink(clone, options.messages, options.tokens)
        for verb in ("params", "run"):
            call([sys.executable, "-m", "stages", verb], cwd=clone, env=environment(clone))
        stages = list(read_stages(clone))
        here = run(stages, clone)
        emulated = {}
        for name in options.only:
            other = Path(folder) / name
            shutil.copytree(clone, other, symlinks=True)
            emulated[name] = run(stages, other, emulator(name))
    rows = {name: compared(here, found) for name, found in emulated.items()}
    sample = {"messages": options.messages, "tokens": options.tokens}
    result = {"machine": measured_on(), "sample": sample, "processors": rows}
    write_json(RESULT, result)
    print(yaml.safe_dump(rows, sort_keys=False))


@dataclass(frozen=True)
class Ran:
    """What a processor made: the digest of each output, and the seconds of each stage."""

    digests: dict[str, str]
    seconds: dict[str, float]


def shrink(clone: Path, messages: int, tokens: int) -> None:
    """Give `clone` a size of its own: at most `messages` a split, and `tokens` a text."""
    size = (
        "# @package _global_\ndefaults: [small, _self_]\n"
        f"window: {{max_messages: {messages}}}\nencoder: {{max_tokens: {tokens}}}\n"
    )
    (clone / "conf/size/tiny.yaml").write_text(size, encoding="utf-8")
    config = clone / "conf/config.yaml"
    whole = config.read_text(encoding="utf-8")
    config.write_text(whole.replace("- size: full", "- size: tiny"), encoding="utf-8")


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


def environment(clone: Path) -> dict[str, str]:
    """Return the pinned environment, in which `clone`'s code is imported.

    Packages are named by `PYTHONPATH`, so that the real binary of Python finds them: in a virtual
    environment it is a link, which an emulator follows.
    """
    packages = [place for place in sys.path if place.endswith("site-packages")]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "DVC"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    imports = os.pathsep.join([str(clone), *packages])
    return kept | PINNED_ENVIRONMENT | {"PATH": path, "PYTHONPATH": imports}


def read_stages(clone: Path) -> Iterator[Stage]:
    """Yield the stages of `dvc.lock`, in the order in which they can run."""
    locked = yaml.safe_load((clone / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    declared = yaml.safe_load((clone / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    for family in declared:
        for name, stage in locked.items():
            if name.partition("@")[0] == family:
                outputs = tuple(Path(output["path"]) for output in stage["outs"])
                yield Stage(name, tuple(stage["cmd"].split()[1:]), outputs)


def run(stages: Sequence[Stage], clone: Path, before: Sequence[str] = ()) -> Ran:
    """Run `stages` in `clone` anew, under the emulator `before`; return what came out."""
    ran = Ran({}, {})
    python = os.path.realpath(sys.executable)
    for stage in stages:
        for path in stage.outputs:
            _remove(clone / path)
        start = time.monotonic()
        # Each has its own cache: what another processor made must not be found.
        with tempfile.TemporaryDirectory() as cache:
            own = environment(clone) | {"SPAMLINE_CACHE": _without_embeddings(Path(cache))}
            call([*before, python, *stage.arguments], cwd=clone, env=own)
        ran.seconds[stage.name] = round(time.monotonic() - start, 1)
        for path in stage.outputs:
            ran.digests[str(path)] = digest(clone / path)
        say(f"processors: {' '.join(before[1:])} {stage.name}: {ran.seconds[stage.name]} s")
    return ran


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files and their names."""
    return tree_digest(path) if path.is_dir() else sha256(path)


def compared(here: Ran, there: Ran) -> dict[str, object]:
    """Return how many outputs are the same, which differ, and how long the stages took."""
    differing = sorted(path for path in there.digests if there.digests[path] != here.digests[path])
    return {
        "same": len(there.digests) - len(differing),
        "differing": differing,
        "seconds": there.seconds,
    }


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _without_embeddings(folder: Path) -> str:
    """Fill `folder` with what this machine has downloaded; return its name."""
    from stages.machine.cache import cache_dir

    for archive in cache_dir().glob("*.tgz*"):
        shutil.copyfile(archive, folder / archive.name)
    return str(folder)


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.processors", main))
