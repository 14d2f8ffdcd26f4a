"""What the README says is there, and its figures are those that were measured."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def readme(root: Path) -> str:
    return (root / "README.md").read_text()


def pages(root: Path) -> list[Path]:
    return [root / "README.md", root / "CONTRIBUTING.md", *(root / "docs").glob("*.md")]


def code(text: str) -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S))


def test_its_figures_are_the_measured_ones(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.readme", "--check"], cwd=root, check=False
    )
    assert done.returncode == 0


def test_it_fits_and_begins_with_the_two_commands(readme: str) -> None:
    assert readme.count("\n") <= 150
    first = re.search(r"^```sh\n(.*?)^```", readme, re.M | re.S)
    assert first
    assert re.findall(r"^make (\w+)", first.group(1), re.M) == ["run", "test"]


def test_every_make_target_that_a_page_names_exists(root: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.M))
    for page in pages(root):
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.M))
        assert named <= targets, f"{page.name}: {named - targets}"


def test_every_target_says_what_it_does(root: Path) -> None:
    printed = subprocess.run(["make"], cwd=root, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.M))
    listed = set(re.findall(r"^  make ([a-z-]+) +\S", printed, re.M))
    assert listed == targets


def test_every_link_leads_to_a_file_and_a_heading(root: Path) -> None:
    for page in pages(root):
        for link in re.findall(r"\]\(([^):]+)\)", page.read_text()):
            path, _, heading = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), f"{page.name}: {link}"
            assert not heading or heading in anchors(target.read_text()), f"{page.name}: {link}"


def anchors(text: str) -> list[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings]


def test_every_page_is_within_reach_of_the_readme(root: Path, readme: str) -> None:
    linked = set(re.findall(r"\]\(([^)#:]+\.md)\)", readme))
    assert {str(page.relative_to(root)) for page in pages(root)} - {"README.md"} == linked


def test_every_file_that_the_recipes_name_exists(root: Path) -> None:
    """`NAME` stands for a file to be written beside others of its kind."""
    recipes = (root / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:stages|conf|tests|docs|benchmarks)/[\w./]+)`", recipes)
    named += re.findall(r"(?<= )tests/[\w./]+\w", recipes)
    assert named
    missing = {name for name in named if not list(root.glob(name.replace("NAME", "*")))}
    assert not missing


def test_every_option_of_conf_is_documented(root: Path) -> None:
    page = (root / "docs/configuration.md").read_text()
    for option in (root / "conf").glob("*/*.yaml"):
        row = re.search(rf"^\| `{option.parent.name}` \|.*$", page, re.M)
        assert row, option.parent.name
        assert f"`{option.stem}`" in row.group(0), option


def test_every_option_that_a_command_names_exists(root: Path, readme: str) -> None:
    for group, options in re.findall(r"-S (\w+)=([\w,]+)", code(readme)):
        for option in options.split(","):
            assert (root / "conf" / group / f"{option}.yaml").is_file(), f"{group}={option}"
