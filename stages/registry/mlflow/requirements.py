"""The pinned packages that scoring needs: what a machine must install to serve the model."""

from __future__ import annotations

from importlib.metadata import packages_distributions, version
from pathlib import Path

from packaging.version import Version

from stages.machine.files import read_json

# What the packed code imports to score raw text; a test compares it with what is imported.
_SCORING = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")
_ENCODING = ("sentence-transformers", "torch", "transformers")


def scoring_requirements(folder: Path) -> list[str]:
    """Return the pip requirements of the model in `folder`, pinned to what is installed here."""
    package = read_json(folder / "model.json")["encoder"]["package"]
    carrier = [packages_distributions()[package][0]] if package else []
    return [_pinned(name) for name in sorted({*_SCORING, *_ENCODING, *carrier})]


def _pinned(name: str) -> str:
    # A local label (`2.13.0+cpu`) names a build that no public index has.
    return f"{name}=={Version(version(name)).public}"
