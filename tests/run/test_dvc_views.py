"""DVC's own views are for people: what they show fits a terminal, and a page says what it draws."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages.model.metrics import METRICS
from stages.records.layout import Layout
from stages.records.metrics import Headline

pytestmark = pytest.mark.slow

WHO = ("NAME", "EMAIL")
COPIED = [
    "stages",
    "conf",
    "constraints.txt",
    "dvc.yaml",
    "params.yaml",
    ".dvcignore",
    ".gitignore",
]
NAMES = [metric.headline for metric in METRICS if metric.headline]
# As wide as such numbers get.
BEFORE, NOW = (dict.fromkeys(NAMES, value) for value in (0.2615, 0.1234))
# The stages whose results the changed parameter changes.
SEARCHING = ("train", "evaluate", "register")


class Project:
    """A checkout with the real `dvc.yaml`, in which something stands for each output."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.layout = Layout(folder)
        for name in COPIED:
            copy = shutil.copytree if (root / name).is_dir() else shutil.copy
            copy(root / name, folder / name)
        self.run("git", "init", "--quiet", "--initial-branch", "main")
        self.run("dvc", "init", "--quiet")
        self.layout.pointer.parent.mkdir()
        self.layout.pointer.write_text("{}\n")
        self.produce(BEFORE, self._stages())
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", "before")

    def run(self, *command: str, columns: int = 80) -> str:
        """Run a command in a terminal of so many columns; return what it prints there."""
        who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in WHO}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = os.environ | who | {"PATH": path, "COLUMNS": str(columns)}
        done = subprocess.run(
            command,
            cwd=self.layout.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def produce(self, numbers: dict[str, float], stages: Iterable[str]) -> None:
        """Let every output of `stages` be there, other than before, and DVC's lock say so."""
        for path in self._outputs(stages):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(numbers))
        Headline(numbers).write(self.layout)
        self.run("dvc", "commit", "--force", "--quiet")

    def _stages(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load(self.layout.pipeline.read_text())["stages"]
        return found

    def _outputs(self, stages: Iterable[str]) -> Iterator[Path]:
        for entry in (self._stages()[stage] for stage in stages):
            for out in entry.get("do", entry)["outs"]:
                name = out if isinstance(out, str) else next(iter(out))
                for item in entry.get("foreach", [""]):
                    path = self.layout.root / name.replace("${item}", item)
                    yield path if path.suffix else path / "content"


@pytest.fixture(scope="module")
def project(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A committed run, and an experiment with one other parameter."""
    project = Project(root, tmp_path_factory.mktemp("views"))
    params = project.layout.params
    text = params.read_text()
    assert "trials: " in text
    params.write_text(re.sub(r"trials: \d+", "trials: 7", text))
    project.produce(NOW, SEARCHING)
    project.run("dvc", "exp", "save", "--name", "seven-trials")
    return project


@pytest.mark.parametrize("view", ["show", "diff"])
def test_the_metrics_fit_a_hundred_columns(project: Project, view: str) -> None:
    said = project.run("dvc", "metrics", view, columns=100)
    assert max(map(len, said.splitlines())) <= 100
    assert all(name in said.split() for name in NAMES)
    assert len(NAMES) <= 10


def test_experiments_with_one_other_parameter_fit_160_columns(project: Project) -> None:
    said = project.run("dvc", "exp", "show", "--only-changed", "--no-pager", columns=160)
    assert max(map(len, said.splitlines())) <= 160
    head, main, mine = (line for line in said.splitlines() if re.search(r"Exp|main|seven", line))
    assert head.split()[:2] == ["Experiment", "Created"]
    # None of them had to go for want of room, which DVC would mark with three dots.
    assert set(NAMES) | {"search.trials"} <= set(head.split())
    assert main.split().count("0.2615") == mine.split().count("0.1234") == len(NAMES)
    assert "seven-trials" in mine


def test_every_plot_says_what_it_is_and_what_its_axes_are(project: Project) -> None:
    plots = yaml.safe_load(project.layout.pipeline.read_text())["plots"]
    drawn = {path: how for plot in plots for path, how in plot.items()}
    for path, how in drawn.items():
        assert path.startswith("data/evaluate/plots/")
        for words in (how["title"], how["x_label"], how["y_label"]):
            assert " " in words, path
    assert len({how["title"] for how in drawn.values()}) == len(drawn)


def test_the_headline_file_is_flat(project: Project) -> None:
    numbers = json.loads(project.layout.metrics.read_text())
    assert all(isinstance(number, float) for number in numbers.values())
