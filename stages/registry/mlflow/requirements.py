"""The pinned packages that scoring needs: what a machine must install to serve the model."""

from __future__ import annotations

from importlib.metadata import packages_distributions, version
from pathlib import Path

from packaging.version import Version

from stages import config
from stages.machine.files import read_json
from stages.model.engines import engine_of
from stages.records.specification import SPECIFICATION

# What the packed code imports to score raw text; a test compares it with what is imported.
_SCORING = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")


def scoring_requirements(folder: Path) -> list[str]:
    """Return the pip requirements of the model in `folder`, pinned to what is installed here."""
    encoder = config.Encoder(**read_json(folder / SPECIFICATION)["encoder"])
    carrier = [packages_distributions()[encoder.package][0]] if encoder.package else []
    engine = engine_of(encoder).LIBRARIES
    return [_pinned(name) for name in sorted({*_SCORING, *engine, *carrier})]


def _pinned(name: str) -> str:
    # A local label (`2.13.0+cpu`) names a build that no public index has.
    return f"{name}=={Version(version(name)).public}"
