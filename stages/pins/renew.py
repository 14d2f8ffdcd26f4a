"""Writes constraints.txt anew: every version that pyproject.toml's sets need, with its hashes.

    python -m stages.pins.renew [--upgrade NAME...]

Versions stay as they are, except those that are named; `all` names every one. uv resolves for every
platform and every Python from 3.11 on, and takes the hashes of all files of a release from the
package index that pip is set to ask (uv's own settings work too).
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from stages.pins.check import digest, normal, wanted
from stages.pins.install import CUDA, LOCK, WHEELS, Pin, PinsError, ended

# They publish no wheel. We build it once, from the source whose hash is pinned, and keep it beside
# this file: no installation runs a package's build code.
BUILT = ("antlr4-python3-runtime",)
_HEADER = """\
# Every version that a run or an image depends on, the hashes of its files, the sets that need it.
# No index addresses. `make pins` writes this and stages/pins/install.py installs it. It is made for
# these lists of pyproject.toml: sha256:{digest}
"""
_RESOLVED = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\\n]+?))?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:\w+)*)$",
    re.M,
)


def renew(lock: Path = LOCK, upgrade: Sequence[str] = ()) -> None:
    """Write the lock.

    Args:
        lock: the file; the versions that it has are kept.
        upgrade: the packages to take the newest version of; `all`: every one.

    Raises:
        PinsError: uv or pip fails.
    """
    sets = wanted()
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder, "known.txt")
        # The versions alone: of hashes that it is given, uv asks no index.
        before = _pins(lock.read_text(encoding="utf-8"))
        known.write_text("".join(f"{pin.name}=={pin.version}\n" for pin in before), "utf-8")
        everything = [name for requirements in sets.values() for name in requirements]
        pins = _resolve(everything, *_hashed(upgrade), output=known)
        build_missing(pins)
        known.write_text("".join(pin.lines() for pin in pins), encoding="utf-8")
        needed = {name: _closure(requirements, known) for name, requirements in sets.items()}
        on_linux = _resolve(["torch"], "--constraints", str(known))
    cuda = {pin.name for pin in on_linux if "sys_platform == 'linux'" in pin.marker}
    old = next((pin for pin in before if pin.name == "torch"), None)
    lines = [_told(pin, needed, cuda, old).lines() for pin in pins]
    lock.write_text(_HEADER.format(digest=digest(sets)) + "".join(lines), encoding="utf-8")


def _hashed(upgrade: Sequence[str]) -> list[str]:
    """Return uv's options for hashes, and for which versions it keeps."""
    named = [word for name in upgrade for word in ("--upgrade-package", name)]
    return ["--generate-hashes", *(["--upgrade"] if "all" in upgrade else named)]


def _closure(requirements: Sequence[str], known: Path) -> set[str]:
    """Return the names of what a set needs; all of it must be there as wheels."""
    wheels = ("--only-binary", ":all:", "--find-links", str(WHEELS))
    return {pin.name for pin in _resolve(requirements, "--constraints", str(known), *wheels)}


def _told(pin: Pin, needed: Mapping[str, set[str]], cuda: set[str], old: Pin | None) -> Pin:
    """Return a pin with its sets, and with the hashes of the files that uv has not seen."""
    sets = (CUDA,) if pin.name in cuda else tuple(n for n in needed if pin.name in needed[n])
    more: Iterable[str] = ()
    if pin.name in BUILT:
        more = [hashlib.sha256(wheel_of(pin).read_bytes()).hexdigest()]
    if pin.name == "torch":
        more = _cpu_builds(pin, old)
    return replace(pin, sets=sets, hashes=tuple(sorted({*pin.hashes, *more})))


def _cpu_builds(torch: Pin, old: Pin | None) -> list[str]:
    """Return the hashes of PyTorch's CPU builds, which the usual index has only in part.

    They come from where pip looks beside its index; those that the lock already has of this
    version stay, because not every machine looks there.
    """
    kept = list(old.hashes) if old and old.version == torch.version else []
    settings = _pip_settings()
    places = [
        word
        for option in ("extra-index-url", "find-links")
        for place in settings.get(option, "").split()
        for word in (f"--{option}", place)
    ]
    try:
        found = _resolve([f"torch=={torch.version}+cpu"], "--generate-hashes", *places)
    except PinsError:
        sys.stderr.write(
            f"found no CPU build of torch {torch.version} where pip looks; the {len(kept)} hashes "
            "that were pinned for this version stay\n"
        )
        return kept
    return [*kept, *(digest for pin in found if pin.name == "torch" for digest in pin.hashes)]


def wheel_of(pin: Pin) -> Path:
    """Return where our wheel of a pin lies."""
    return WHEELS / f"{pin.name.replace('-', '_')}-{pin.version}-py3-none-any.whl"


def build_missing(pins: Sequence[Pin], folder: Path = WHEELS) -> None:
    """Build the wheels that are published by nobody and not yet in `folder`.

    The source is verified by its hash, and built with the setuptools of this environment.

    Raises:
        PinsError: pip fails.
    """
    for pin in pins:
        target = folder / wheel_of(pin).name
        if pin.name not in BUILT or target.exists():
            continue
        for old in folder.glob(f"{pin.name.replace('-', '_')}-*.whl"):
            old.unlink()
        source = target.with_suffix(".txt")
        source.write_text(pin.lines(), encoding="utf-8")
        try:
            _run(
                *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
                # What an earlier build has left in pip's cache has other dates.
                "--no-cache-dir",
                *("--require-hashes", "--no-build-isolation", "--no-binary", ":all:"),
                *("--wheel-dir", str(folder), "--requirement", str(source)),
            )
        finally:
            source.unlink()


def _resolve(requirements: Sequence[str], *options: str, output: Path | None = None) -> list[Pin]:
    """Return the versions that uv finds; it prefers those that `output` has, and writes it."""
    index = _pip_settings().get("index-url")
    said = _run(
        *("uv", "pip", "compile", "-", "--quiet", "--universal", "--python-version", "3.11"),
        *("--no-header", "--no-annotate", *(("--default-index", index) if index else ())),
        *(("--output-file", str(output)) if output else ()),
        *options,
        given="\n".join(requirements),
    )
    return _pins(output.read_text(encoding="utf-8") if output else said)


def _pins(text: str) -> list[Pin]:
    """Return what a file of uv's, or an earlier lock, pins: without its sets."""
    return [
        Pin(
            normal(found["name"]),
            found["version"],
            found["marker"] or "",
            tuple(re.findall(r"sha256:(\w+)", found["hashes"])),
            (),
        )
        for found in _RESOLVED.finditer(text)
    ]


@cache
def _pip_settings() -> dict[str, str]:
    """Return what pip's configuration and environment say about where it looks."""
    told = _run(sys.executable, "-m", "pip", "config", "list")
    found = re.findall(r"^(?:global|install|:env:)\.([\w-]+)=(.+)$", told, re.M)
    return {name: str(ast.literal_eval(value)) for name, value in found}


def _run(*command: str, given: str = "") -> str:
    if not shutil.which(command[0]):
        raise PinsError(f"there is no {command[0]}", expected="it installed", fix="make install")
    done = subprocess.run(  # noqa: S603 -- a list, no shell
        command,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        # A wheel of ours has the same dates whenever it is built.
        env={**os.environ, "SOURCE_DATE_EPOCH": "315619200"},
    )
    if done.returncode:
        words = " ".join(done.stderr.split())[:600]
        raise PinsError(
            f"{' '.join(command[:3])} failed: {words}",
            expected="versions of all packages that fit together, each with a wheel",
            fix="correct pyproject.toml or the network, then: make pins",
        )
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Renew; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--upgrade", nargs="+", default=[], metavar="NAME")
    given = parser.parse_args(arguments)
    return ended(lambda: renew(upgrade=[name for word in given.upgrade for name in word.split()]))


if __name__ == "__main__":
    sys.exit(main())
