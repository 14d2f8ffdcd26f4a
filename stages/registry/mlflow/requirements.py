"""The pinned packages that scoring needs: what a machine must install to serve the model."""

from __future__ import annotations

from importlib.metadata import distributions, version
from pathlib import Path

from packaging.version import Version

from stages.machine.errors import EncoderError
from stages.model.engines import engine_of
from stages.model.weights import installed_places
from stages.records.specification import read_specification

# What the packed code imports to score raw text; a test compares it with what is imported.
_SCORING = (
    "filelock",
    "mlflow",
    "numpy",
    "pandas",
    "platformdirs",
    "scikit-learn",
    "scipy",
    "skops",
)


def scoring_requirements(folder: Path) -> list[str]:
    """Return the pip requirements of the model in `folder`, pinned to what is installed here.

    Raises:
        RegistryError: the model does not say what it needs.
        EncoderError: the package of its encoder is not installed.
    """
    encoder = read_specification(folder).encoder
    carrier = [_carrier(encoder.package)] if encoder.package else []
    engine = engine_of(encoder).LIBRARIES
    return [_pinned(name) for name in sorted({*_SCORING, *engine, *carrier})]


def _carrier(package: str) -> str:
    """Return the name of the distribution that installs `package`, from its list of files."""
    for distribution in distributions(path=installed_places()):
        # Its text: to make a path of every installed file takes seconds.
        if f"\n{package}/" in f"\n{distribution.read_text('RECORD') or ''}":
            return str(distribution.name)
    raise EncoderError(
        f"no installed distribution has the Python package {package}",
        expected="the one that carries the encoder, to name it in the requirements",
        fix="run `make install`",
    )


def _pinned(name: str) -> str:
    # A local label (`2.13.0+cpu`) names a build that no public index has.
    return f"{name}=={Version(version(name)).public}"
