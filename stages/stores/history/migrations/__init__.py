"""Alembic's side of the history: `env.py`, and one file for each revision in `versions/`.

A revision that has been released is never edited: a change of the table is a new file, a new
`HEAD` in `upgrade.py` and the column in `table.py`; a test compares the two.
"""
