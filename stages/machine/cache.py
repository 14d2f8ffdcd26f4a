"""The folder for what is had once and serves every run of every checkout on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from stages.machine.variables import CACHE


def cache_dir() -> Path:
    """Return that folder: `SPAMLINE_CACHE`, else one in the user's cache."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get(CACHE) or user_cache_dir("spamline"))
