"""Checks that constraints.txt pins what pyproject.toml asks for, each version with its hashes.

python -m stages.pins.check
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence

from stages.pins.install import LOCK, ROOT, PinsError, ended, read

INSTALL = "install"


def wanted() -> dict[str, list[str]]:
    """Return the requirements of each set, as pyproject.toml has them."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = content["project"]
    extras = dict(project["optional-dependencies"])
    # What `make install` brings: the project, its tools, and what builds the project itself.
    install = [*project["dependencies"], *extras.pop("dev"), *content["build-system"]["requires"]]
    return {INSTALL: install, **extras, **content["dependency-groups"]}


def digest(sets: Mapping[str, Sequence[str]]) -> str:
    """Return the sha256 that tells whether any set has changed, in whatever order it is written."""
    told = {name: sorted(requirements) for name, requirements in sets.items()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def check(text: str, sets: Mapping[str, Sequence[str]]) -> int:
    """Return how many pins a lock file's text has.

    Raises:
        PinsError: one is without hashes, a requirement is without a pin, or the sets have changed.
    """
    pins = read(text)
    covered = {(pin.name, name) for pin in pins for name in pin.sets}
    for name, requirements in sets.items():
        for requirement in requirements:
            if (normal(requirement), name) not in covered:
                raise PinsError(
                    f"{requirement} is in pyproject.toml and not pinned for the set {name!r}",
                    expected="a pin of every package",
                    fix="make pins",
                )
    if f"sha256:{digest(sets)}" not in text.partition("==")[0]:
        raise PinsError(
            "pyproject.toml has other packages than constraints.txt was made for",
            expected="the same",
            fix="make pins",
        )
    return len(pins)


def normal(requirement: str) -> str:
    """Return the name in a requirement, in the one spelling that the lock has."""
    name = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", name[0] if name else requirement).lower()


def main() -> int:
    """Check; return the exit status."""
    return ended(_say_checked)


def _say_checked() -> None:
    found = check(LOCK.read_text(encoding="utf-8"), wanted())
    sys.stdout.write(f"{found} packages pinned, each with its hashes\n")


if __name__ == "__main__":
    sys.exit(main())
