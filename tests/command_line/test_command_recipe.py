"""CONTRIBUTING.md's recipe for a command, carried out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = '''"""Greetings."""

from __future__ import annotations

import click

from stages.cli.verb import verb
from stages.machine.console import say


@verb(details="Prints one line.", examples=("python -m stages greet Ada",))
@click.argument("name")
def greet(name: str) -> None:
    """Greet somebody."""
    say(f"Hello, {name}.")
'''
ENTRY = '    Noun("stages.cli.greetings", "Greetings", ("greet",)),\n'


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """A copy of the checkout in which the recipe's two files are written."""
    for name in ("stages", "docs", "conf"):
        ignored = shutil.ignore_patterns("__pycache__", "*.svg")
        shutil.copytree(root / name, tmp_path / name, ignore=ignored)
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(root / name, tmp_path / name)
    (tmp_path / "stages/cli/greetings.py").write_text(COMMAND)
    table = tmp_path / "stages/cli/table.py"
    table.write_text(table.read_text().replace("NOUNS = (\n", "NOUNS = (\n" + ENTRY))
    return tmp_path


def run(checkout: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_command_takes_its_file_and_an_entry_in_the_table(checkout: Path) -> None:
    assert run(checkout, "stages", "greet", "Ada") == "Hello, Ada.\n"
    assert "Greet somebody." in run(checkout, "stages", "--help")
    run(checkout, "stages.cli.reference")
    assert "python -m stages greet Ada" in (checkout / "docs/commands.md").read_text()
