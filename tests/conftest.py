"""What every test needs: where the checkout is, and a small composition of its configuration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# As `python -m stages` pins it; read by OpenBLAS when numpy is first imported.
os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout under test."""
    return ROOT
