"""The fixtures of the stores' tests serve these too."""

from tests.stores.conftest import empty_postgres

__all__ = ["empty_postgres"]
