"""The installed packages, which bytes depend on."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed_version(package: str) -> str:
    """Return the version of `package` that is installed, or "none"."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
