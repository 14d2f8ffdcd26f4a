"""The monitoring history: one row for each verdict, in SQLite here and in PostgreSQL for a team.

A row is keyed by model and window and made from the verdict's JSON alone, so that writing twice
changes nothing and the kept verdict files rebuild the whole history. The table is made and brought
up to date by Alembic (`migrations/`), in the transaction that writes; it is never dropped.
"""

from stages.stores.history.address import history_url
from stages.stores.history.database import reading, select
from stages.stores.history.store import rebuild, record
from stages.stores.history.table import KEY, TABLE, Cell, Row

__all__ = [
    "KEY",
    "TABLE",
    "Cell",
    "Row",
    "history_url",
    "reading",
    "rebuild",
    "record",
    "select",
]
