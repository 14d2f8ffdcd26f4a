"""Which forge the environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping

from stages.forge.protocol import Forge
from stages.machine.variables import GITHUB_REPOSITORY


def open_forge(environment: Mapping[str, str] = os.environ) -> Forge | None:
    """Return the forge that the environment names, or None: then branches are pushed, no more.

    Raises:
        ForgeError: it names one, and what is needed to ask it is missing.
    """
    if not environment.get(GITHUB_REPOSITORY):
        return None
    from stages.forge.github import connect

    return connect(environment)
