"""A forge for the tests of the loop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.loop.forge_server import ForgeServer


@pytest.fixture
def forge_server() -> Iterator[ForgeServer]:
    """A server that records what it is told, as GitHub would."""
    with ForgeServer().running() as server:
        yield server
