"""Installs the pinned packages of some sets: wheels alone, each verified by its hash.

    python -m stages.pins.install SET... [--python PYTHON] [--torch BUILD] [--editable]

The sets are named in constraints.txt: `install`, `stack`, `ray`, the groups of the Dockerfile.
Standard library alone: this runs before anything is installed, also while an image is built.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Beside this file lie our own builds of the few packages that publish no wheel.
LOCK, WHEELS = ROOT / "constraints.txt", Path(__file__).resolve().parent
# What PyTorch's usual build on Linux needs, 3 GB, and its CPU build does not.
CUDA = "cuda"
_PIN = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?P<marker> ; [^\\\n]+?)?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n    # (?P<sets>[a-z][a-z -]*)\n"
)
_MISMATCH = re.compile(
    r"^ +(?P<what>\S+) from (?P<where>\S+)(?:.*\n)+?\s+Expected sha256 (?P<expected>\w+)\n"
    r"(?:\s+Expected .*\n)*\s+Got +(?P<got>\w+)",
    re.M,
)
_NO_WHEEL = re.compile(r"No matching distribution found for (\S+)")


@dataclass(frozen=True)
class Pin:
    """A version of a package, with the hashes of its files and the sets that need it."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    sets: tuple[str, ...]

    def lines(self, build: str = "") -> str:
        """Return the pin as pip reads it, and `read` too; `build` is a local version."""
        local = f"+{build}" if build else ""
        marker = f" ; {self.marker}" if self.marker else ""
        hashes = "".join(f" \\\n    --hash=sha256:{digest}" for digest in self.hashes)
        return f"{self.name}=={self.version}{local}{marker}{hashes}\n    # {' '.join(self.sets)}\n"


class PinsError(Exception):
    """What a user can fix: one line, status 2."""

    def __init__(self, found: str, *, expected: str, fix: str) -> None:
        super().__init__(f"{found}; expected {expected}; fix: {fix}")


class NoWheelError(PinsError):
    """Pip has found no wheel of a pinned version."""


def read(text: str) -> list[Pin]:
    """Return the pins of a lock file's text.

    Raises:
        PinsError: something in it is not a pin with hashes and sets.
    """
    pins = []
    body = re.sub(r"\A(?:#.*\n)+", "", text)
    for block in re.split(r"^(?=\S)", body, flags=re.M)[1:]:
        found = _PIN.fullmatch(block)
        if not found:
            line = block.splitlines()[0].rstrip(" \\")
            raise PinsError(
                f"constraints.txt has {line!r}",
                expected="name==version, its hashes, and its sets in a comment",
                fix="`git checkout -- constraints.txt`, or `make pins`",
            )
        pins.append(
            Pin(
                found["name"],
                found["version"],
                (found["marker"] or "").removeprefix(" ; "),
                tuple(re.findall(r"sha256:(\w+)", found["hashes"])),
                tuple(found["sets"].split()),
            )
        )
    return pins


def install(
    sets: Sequence[str], python: str, *, lock: Path = LOCK, build: str = "", editable: bool = False
) -> None:
    """Install what `sets` need into the environment of `python`.

    Args:
        sets: of the lock.
        python: the environment's interpreter; the pip of the running one installs.
        lock: the file with the pins.
        build: of PyTorch, and no other; empty: the CPU's where pip finds one, else the usual one.
        editable: install this project too, from where it lies.

    Raises:
        PinsError: a file is not what was pinned, or pip fails otherwise.
    """
    pins = read(lock.read_text(encoding="utf-8"))
    if unknown := set(sets) - {name for pin in pins for name in pin.sets}:
        raise PinsError(
            f"no package is pinned for {', '.join(sorted(unknown))}",
            expected="sets that constraints.txt has",
            fix="make pins",
        )
    chosen = [pin for pin in pins if {*sets} & {*pin.sets}]
    torch = [pin for pin in chosen if pin.name == "torch"]
    rest = [pin for pin in chosen if pin.name != "torch"]
    if torch and not _of_cpu(torch, python, build):
        rest += [*torch, *(pin for pin in pins if CUDA in pin.sets)]
    _install(rest, python)
    _remember([*torch, *rest], python)
    if editable:
        # The build is ours, and setuptools is a pinned package of the environment.
        _pip(python, "--no-build-isolation", "--editable", str(ROOT))
    _log(python).unlink(missing_ok=True)


def _of_cpu(torch: Sequence[Pin], python: str, build: str) -> bool:
    """Install PyTorch's CPU build, or the one that is asked for; return whether there is one.

    By its name: of two files that `torch==2.13.0` allows, pip prefers the one whose hash its index
    tells, and a folder of wheels tells none.
    """
    try:
        _install(torch, python, build or "cpu")
    except NoWheelError:
        if build:
            raise
        return False
    return True


def _install(pins: Sequence[Pin], python: str, build: str = "") -> None:
    """Install pins; what is there is left alone only if it was verified by these hashes."""
    verified = {(pin.name, pin.version, pin.hashes) for pin in _remembered(python)}
    known = [pin for pin in pins if (pin.name, pin.version, pin.hashes) in verified]
    for some, options in (
        ([pin for pin in pins if pin not in known], ["--force-reinstall"]),
        (known, []),
    ):
        if not some:
            continue
        lines = [pin.lines(build if pin.name == "torch" else "") for pin in some]
        with tempfile.TemporaryDirectory() as folder:
            wanted = Path(folder, "pins.txt")
            wanted.write_text("".join(lines), encoding="utf-8")
            _pip(
                python,
                # Python compiles what it imports, a tenth of what is installed.
                *("--require-hashes", "--only-binary", ":all:", "--no-compile", *options),
                *("--find-links", str(WHEELS), "--requirement", str(wanted)),
            )


def _remembered(python: str) -> list[Pin]:
    """Return the pins by which this environment was verified."""
    try:
        return read(_memory(python).read_text(encoding="utf-8"))
    except (FileNotFoundError, PinsError):
        return []


def _remember(pins: Sequence[Pin], python: str) -> None:
    both = {pin.name: pin for pin in (*_remembered(python), *pins)}
    text = "".join(pin.lines() for pin in both.values())
    _memory(python).write_text(text, encoding="utf-8")


def _memory(python: str) -> Path:
    return Path(python).absolute().parents[1] / "pins.txt"


def _pip(python: str, *arguments: str) -> None:
    """Let pip install; the pins are complete, so it looks for no others."""
    other = [] if python == sys.executable else ["--python", python]
    done = subprocess.run(  # noqa: S603 -- a list, no shell
        [
            *(sys.executable, "-m", "pip", *other, "--disable-pip-version-check"),
            *("install", "--quiet", "--no-deps", *arguments),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        log = _log(python)
        log.write_text(done.stdout, encoding="utf-8")
        raise _reason(done.stdout, log)


def _log(python: str) -> Path:
    """Return where pip's words are kept, beside `bin`; they are gone after an installation."""
    return Path(python).absolute().parents[1] / "pip.log"


def _reason(said: str, log: Path) -> PinsError:
    """Return pip's page as one line; the page is in `log`."""
    if found := _MISMATCH.search(said):
        file = found["where"].partition("#")[0].rsplit("/", 1)[-1]
        return PinsError(
            f"{file} has sha256 {found['got']}",
            expected=f"a file that constraints.txt pins for {found['what']}, "
            f"such as {found['expected']}",
            fix="git checkout constraints.txt if it was edited; if not, the package index serves "
            f"another file than the pinned one: do not install it ({log})",
        )
    if found := _NO_WHEEL.search(said):
        return NoWheelError(
            f"pip found no wheel of {found[1]}",
            expected="one for this machine and Python in the index that pip asks",
            fix=f"check the network and pip's index, or take Python 3.11, then again ({log})",
        )
    errors = re.findall(r"^ERROR: (.+)", said, re.M) or said.strip().splitlines() or ["it failed"]
    return PinsError(
        f"pip: {errors[0][:300]}", expected="the pinned packages installed", fix=f"see {log}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Install; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sets", nargs="+", metavar="SET")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--torch", default="", metavar="BUILD")
    parser.add_argument("--editable", action="store_true")
    given = parser.parse_args(arguments)
    return ended(
        lambda: install(given.sets, given.python, build=given.torch, editable=given.editable)
    )


def ended(work: Callable[[], None]) -> int:
    """Do `work`; return the exit status, of a fault after its one line."""
    try:
        work()
    except PinsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
