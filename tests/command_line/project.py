"""A folder like a checkout, in which `python -m stages ...` runs and is refused."""

from __future__ import annotations

import dataclasses
import functools
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import yaml

from stages.cli.table import NOUNS
from stages.machine.files import sha256
from stages.records.layout import HERE
from tests.command_line.forks import forks

VERBS = [verb for noun in NOUNS for verb in noun.verbs]
# Nobody listens on the discard port of the loopback.
DEAD = "http://127.0.0.1:9"


@dataclasses.dataclass(frozen=True)
class Project:
    """A folder like a checkout's, and the environment of whoever works in it."""

    root: Path
    folder: Path
    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `python -m stages ...`."""
        return subprocess.Popen(
            [sys.executable, "-m", "stages", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return the exit status of `python -m stages ...`, its output and its errors."""
        return forks().call(arguments, self.folder, self.environment)

    def do(self, *arguments: str) -> str:
        """Return what a call prints that succeeds."""
        status, out, err = self.run(*arguments)
        assert status == 0, err
        return out

    def refuse(self, *arguments: str, status: int = 2, notes: tuple[str, ...] = ()) -> str:
        """Return the one line of a call that is refused; nothing that it writes has changed.

        Args:
            arguments: the verb and what follows it.
            status: the exit status.
            notes: what the lines before may begin with, each: they say what is being done.
        """
        before = self.results()
        found, out, err = self.run(*arguments)
        assert found == status, err
        assert out == ""
        *said, line = err.splitlines()
        assert len(said) == len(notes), err
        assert all(told.startswith(note) for told, note in zip(said, notes, strict=True)), err
        pattern = rf"spamline {arguments[0]}: (.+); expected (.+); fix: (.+)"
        match = re.fullmatch(pattern, line)
        assert match, line
        for command in commands(match[3]):
            assert self.has(command), f"{command!r} does not exist: {line}"
        assert self.results() == before
        assert not list(self.folder.rglob("*.tmp"))
        return line

    def results(self) -> dict[str, str]:
        """Return the digest of every file that a stage or a promotion writes for others."""
        roots = [
            self.folder / name for name in (*outputs(self.root), str(HERE.pointer), "params.yaml")
        ]
        files = [path for root in roots for path in (root, *root.rglob("*")) if path.is_file()]
        return {str(path): sha256(path) for path in files}

    def has(self, command: str) -> bool:
        """Return whether the Makefile, our command line or `dvc.yaml` knows `command`."""
        words = [word for word in command.split() if not word.startswith("-")]
        match words:
            case ["make", target]:
                return f"\n{target}:" in (self.root / "Makefile").read_text()
            case ["python", "stages", verb]:
                return verb in VERBS
            case ["python", "stages.pins.install", extra]:
                described = tomllib.loads((self.root / "pyproject.toml").read_text())
                return extra in described["project"]["optional-dependencies"]
            case ["dvc", "doctor" | "pull" | "repro"]:
                return True
            case ["dvc", "repro", target]:
                stages = yaml.safe_load((self.root / "dvc.yaml").read_text())["stages"]
                name, _, item = target.partition("@")
                return name in stages and (not item or item in stages[name]["foreach"])
            case ["git", "checkout", path]:
                return (self.root / path).exists()
            case ["git", "fetch"] | ["ray", "start", *_]:
                return True
        return command in ("npm ping", "npm cache clean --force")

    def tree(self) -> dict[str, Any]:
        """Return what `params.yaml` says."""
        found: dict[str, Any] = yaml.safe_load((self.folder / "params.yaml").read_text())
        return found

    def edit(self, **changes: Any) -> None:
        """Set values of `params.yaml` by hand, as `section__key=value`."""
        tree = self.tree()
        for name, value in changes.items():
            *path, key = name.split("__")
            functools.reduce(lambda node, part: node[part], path, tree)[key] = value
        (self.folder / "params.yaml").write_text(yaml.safe_dump(tree))


def commands(text: str) -> list[str]:
    """Return the commands that the fixing part of a line tells people to type."""
    quoted = re.findall(r"`([a-z]+ [^`]+)`", text)
    return quoted or re.findall(r"^(?:run )?((?:make|dvc|git|python) .+)$", text)


def outputs(root: Path) -> list[str]:
    """Return the declared outputs of all stages."""
    declared = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    found = []
    for entry in declared.values():
        body = entry.get("do", entry)
        outs = body.get("outs", []) + body.get("metrics", [])
        names = [name for out in outs for name in (out if isinstance(out, dict) else [out])]
        items = entry.get("foreach", [""])
        found += [name.replace("${item}", item) for name in names for item in items]
    return found
