"""Alembic's side of the history: `env.py`, and one file for each revision in `versions/`.

A revision that has been released is never edited. A new column is a new file here and what fills
it in `row` of `table.py`; a test compares the two.
"""
