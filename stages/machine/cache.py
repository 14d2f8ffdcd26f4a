"""The per-user cache folder, shared by all checkouts on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from stages.machine.variables import CACHE


def cache_dir() -> Path:
    """Return `SPAMLINE_CACHE`, or by default `spamline` in the user's cache folder."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get(CACHE) or user_cache_dir("spamline"))
