"""What Hydra would read, looked at first: small YAML of `conf/` alone, its values written out.

Hydra can do more than this project needs: import packages to search for files, follow paths out of
the folder, and fill values in from the environment, which would put secrets into `params.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from stages.config.yaml_text import MOST_LEVELS, parse, read_text, scalars
from stages.machine.errors import ConfigError

# An option of a group: `small`, or `source/files` from the root.
_OPTION = re.compile(r"/?[A-Za-z0-9_][A-Za-z0-9_-]*(/[A-Za-z0-9_][A-Za-z0-9_-]*)*")
_FIX = "edit conf/"
# The longest override that says something: a list of paths.
_MOST_CHARACTERS = 10_000


def check_sources(conf: Path, overrides: Sequence[str]) -> None:
    """Fail unless every file of `conf`, and each of `overrides`, is one that Hydra may read.

    Raises:
        ConfigError: a file is not small, plain YAML, or sets Hydra itself up; a value is to be
            filled in; or an option is not the name of a file of its group.
    """
    for path in sorted(conf.rglob("*.yaml")):
        tree = parse(read_text(path, fix=_FIX), str(path), fix=_FIX)
        for fault in _faults(tree):
            raise _refused(str(path), fault)
    groups = {path.name for path in conf.glob("*/")}
    for override in overrides:
        for fault in _faults_of(override, groups):
            raise _refused(f"the override {override[:100]!r}", fault)


def _refused(where: str, fault: str) -> ConfigError:
    return ConfigError(
        f"{where} {fault}",
        expected="values that are written out, and options of conf/ by their names",
        fix=f"{_FIX}, or the override",
    )


def _faults(tree: object) -> Iterator[str]:
    if isinstance(tree, dict):
        if "hydra" in tree:
            yield "sets up Hydra itself"
        for option in _options(tree.get("defaults")):
            if not _OPTION.fullmatch(option):
                yield f"has {option[:60]!r} in its defaults, which is not an option of a group"
    if any(isinstance(text, str) and "${" in text for _, text in scalars(tree)):
        yield "has a value with ${...}, which would be filled in"


def _faults_of(override: str, groups: set[str]) -> Iterator[str]:
    key, _, value = override.partition("=")
    name = key.lstrip("+~").partition("@")[0]
    if len(override) > _MOST_CHARACTERS:
        yield f"has more than {_MOST_CHARACTERS:,} characters"
    if _levels(override) > MOST_LEVELS:
        yield f"has more than {MOST_LEVELS} levels"
    if name.partition(".")[0].partition("/")[0].strip() == "hydra":
        yield "sets up Hydra itself"
    if "${" in override:
        yield "has a value with ${...}, which would be filled in"
    if name in groups and value and not _OPTION.fullmatch(value):
        yield f"names {value[:60]!r}, which is not an option of a group"


def _levels(text: str) -> int:
    """Return how deep the brackets of `text` are nested, at most."""
    return max(accumulate((sign in "[{(") - (sign in ")}]") for sign in text), default=0)


def _options(defaults: object) -> Iterator[str]:
    """Yield each option of a list of defaults: of `- source: files`, `- full` and `- _self_`."""
    for entry in defaults if isinstance(defaults, list) else []:
        if not isinstance(entry, dict):
            yield str(entry)
            continue
        for group, option in entry.items():
            yield re.sub(r"^(optional|override) ", "", group).partition("@")[0]
            yield from map(str, option if isinstance(option, list) else [option])
