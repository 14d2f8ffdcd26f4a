"""The table of environment variables has every one that the project reads."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from stages.machine import variables
from stages.machine.pinning import PINNED_ENVIRONMENT
from stages.machine.variables import VARIABLES

# Those that the tests of Compose invent.
_OURS = re.compile(r"\bSPAMLINE_[A-Z0-9_]+")
_FOREIGN = re.compile(r"""["'](?:AWS|GITHUB|DVC)_[A-Z0-9_]+["']""")


def test_every_variable_of_ours_is_in_the_table(root: Path) -> None:
    files = [*(root / "stages").rglob("*.py"), *(root / "stages").rglob("*.sql")]
    files += [root / name for name in ("compose.yaml", "Makefile", "Dockerfile")]
    files += (root / ".github/workflows").glob("*.yml")
    named = {name for path in files for name in _OURS.findall(path.read_text())}
    assert len(named) >= 16
    assert named - set(VARIABLES) == set()


def test_every_variable_of_others_that_the_code_names_is_in_the_table(root: Path) -> None:
    named = {
        name.strip("\"'")
        for path in (root / "stages").rglob("*.py")
        if path != Path(variables.__file__)
        for name in _FOREIGN.findall(path.read_text())
    }
    assert "AWS_ENDPOINT_URL" in named
    assert named - {*VARIABLES, *PINNED_ENVIRONMENT} == set()


def test_none_is_there_that_nothing_reads(root: Path) -> None:
    files = [*(root / "stages").rglob("*.py"), root / "Makefile"]
    text = "\n".join(path.read_text() for path in files if path != Path(variables.__file__))
    constants = {value: name for name, value in vars(variables).items() if value in VARIABLES}
    assert len(constants) == len(VARIABLES)
    for variable in VARIABLES:
        assert re.search(rf"\b({variable}|{constants[variable]})\b", text), variable


def test_a_variable_is_its_name() -> None:
    assert f"{variables.CACHE}" == "SPAMLINE_CACHE"
    assert {"SPAMLINE_CACHE": 1}[variables.CACHE] == 1


def test_a_program_restarts_in_the_pinned_environment(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text(
        "import os, sys\n"
        "from stages.machine.pinning import PINNED_ENVIRONMENT, pin_environment\n"
        "pin_environment('probe')\n"
        "print({name: os.environ[name] for name in PINNED_ENVIRONMENT} == PINNED_ENVIRONMENT)\n"
        "print(hash('spam'), *sys.argv[1:])\n"
    )
    hashes = set()
    for threads in ("1", "8"):
        done = subprocess.run(
            [sys.executable, "-m", "probe", "two words"],
            cwd=tmp_path,
            env={**os.environ, "OMP_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.startswith("True\n")
        assert done.stdout.endswith(" two words\n")
        hashes.add(done.stdout)
    assert len(hashes) == 1
