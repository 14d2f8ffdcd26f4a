"""The lock of this run beside the committed one: do the same inputs give the same bytes here?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stages import config
from stages.machine.errors import ConfigError, GitError
from stages.machine.files import read_bytes
from stages.records.layout import Layout
from stages.records.metrics import Headline
from stages.versioning import git

# What a lock says of the bytes of a file or a folder.
_DIGESTS = ("md5", "hash", "size", "nfiles")


def differing_outputs(layout: Layout) -> list[str] | None:
    """Return the outputs whose bytes differ from those of the commit that is checked out.

    Returns:
        Their paths, sorted; None where that commit has no lock, or one of other inputs: of other
        code, parameters, commands or files. The pointer does not count as one: a run that cannot
        get the committed model has put its own there.
    """
    try:
        committed = _stages(git.content("HEAD", layout.lock, layout))
        found = _stages(read_bytes(layout.lock))
    except (ConfigError, GitError, OSError):
        return None
    pointer = layout.inside(layout.pointer).as_posix()
    if not committed or _inputs(found, pointer) != _inputs(committed, pointer):
        return None
    theirs = dict(_outputs(committed))
    return sorted(path for path, digest in _outputs(found) if theirs.get(path) != digest)


def differing_metrics(layout: Layout) -> dict[str, tuple[float | None, float | None]]:
    """Return each headline number that is not the committed one: that, and what was found."""
    try:
        theirs = Headline.parse(git.content("HEAD", layout.metrics, layout) or b"{}").numbers
    except (GitError, ValueError):
        return {}
    numbers = Headline.read(layout).numbers
    return {
        name: (theirs[name], found)
        for name, found in numbers.items()
        if name in theirs and theirs[name] != found
    }


def _stages(content: bytes | None) -> Mapping[str, Any]:
    tree = config.parse(content or b"{}", "dvc.lock", fix="git checkout -- dvc.lock")
    stages = tree.get("stages") if isinstance(tree, dict) else None
    return stages if isinstance(stages, dict) else {}


def _inputs(stages: Mapping[str, Any], pointer: str) -> dict[str, object]:
    """Return what no stage writes: commands, parameters, code."""
    made = {path for path, _ in _outputs(stages)} | {pointer}
    return {
        name: [
            stage.get("cmd"),
            stage.get("params"),
            {path: digest for path, digest in _files(stage, "deps") if path not in made},
        ]
        for name, stage in stages.items()
    }


def _outputs(stages: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for stage in stages.values():
        yield from _files(stage, "outs")


def _files(stage: Mapping[str, Any], kind: str) -> Iterator[tuple[str, object]]:
    for file in stage.get(kind, []):
        yield file["path"], {key: file[key] for key in _DIGESTS if key in file}
