"""The pages that are generated from the code say what the code says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stages.cli.reference import fill, variables
from stages.machine.errors import ConfigError
from stages.machine.variables import VARIABLES
from tests.command_line.project import VERBS


def test_the_pages_are_up_to_date(root: Path) -> None:
    command = [sys.executable, "-m", "stages.cli.reference", "--check"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_verb_has_its_help_on_the_page(root: Path) -> None:
    page = (root / "docs/commands.md").read_text()
    for verb in VERBS:
        assert f"\n## {verb}\n\n```text\nUsage: python -m stages {verb} " in page


def test_every_variable_has_its_row(root: Path) -> None:
    rows = variables()
    for variable in VARIABLES:
        assert [row for row in rows if row.startswith(f"| `{variable}` | ")], variable


def test_a_stale_page_is_found_and_filled(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    old = "# Page\n\n<!-- verbs: make readme -->\nold\n<!-- end of verbs -->\nmine\n"
    page.write_text(old)
    assert fill(page, {"verbs": ["new \\1"]}, check=True)
    assert page.read_text() == old
    assert fill(page, {"verbs": ["new \\1"]}, check=False)
    assert page.read_text() == old.replace("old", "new \\1")
    assert not fill(page, {"verbs": ["new \\1"]}, check=True)


def test_a_page_without_a_place_for_it_is_one_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n")
    with pytest.raises(ConfigError, match=r"page\.md has no place for verbs"):
        fill(page, {"verbs": []}, check=True)


@pytest.mark.parametrize(
    "module", ["stages.cli.reference", "benchmarks.readme", "benchmarks.drift.usual"]
)
def test_a_program_outside_a_project_is_one_line(root: Path, tmp_path: Path, module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert re.fullmatch(rf"{module}: .+; expected .+; fix: .+\n", done.stderr)


def test_every_program_of_ours_has_the_one_edge(root: Path) -> None:
    for folder in ("stages", "benchmarks"):
        for path in (root / folder).rglob("*.py"):
            _, begins, ending = path.read_text().partition('if __name__ == "__main__":')
            # The command line calls it in `stages/cli/entry.py`; pins/ has nothing installed yet.
            if (
                begins
                and path.parts[-2:] != ("stages", "__main__.py")
                and path.parent.name != "pins"
            ):
                assert "sys.exit(guarded(" in ending, path
