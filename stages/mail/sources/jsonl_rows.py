"""Rows of JSON Lines files: one object a line, each judged on its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from stages.machine.errors import SourceError, nearest
from stages.mail.sources.lines import Lines
from stages.mail.sources.rows import Place, Row, Table, kind


def read_jsonl(stream: IO[bytes], columns: list[str], table: Table) -> Iterator[Row]:
    """Yield the objects of a JSON Lines file with those of `columns` that each has.

    Raises:
        SourceError: a line is not an object, names a key twice, or is not in the encoding; or no
            line has a needed key, but one that is nearly called so.
    """
    keys: dict[str, None] = {}
    with Lines(stream, table) as lines:
        for line in lines:
            if line.isspace():
                continue
            place = table.line(lines.number)
            values = _object(line, place)
            # A line may leave a key out, and a file too: mail of which no label is known yet.
            if not keys or not values.keys() <= keys.keys():
                keys |= {key: None for key in values if not keys or key in table.needed}
            yield Row(place, {column: values[column] for column in columns if column in values})
    if any(nearest(name, keys) for name in table.needed if name not in keys):
        table.check(list(keys))
    table.keys.update(keys)


class _RepeatedKeyError(Exception):
    """An object of JSON names this key twice."""


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedKeyError(next(name for name in names if names.count(name) > 1))
    return found


def _object(line: str, place: Place) -> dict[str, Any]:
    try:
        found = json.loads(line.rstrip(), object_pairs_hook=_distinct)
    except _RepeatedKeyError as error:
        wrong = f"the key {str(error)[:60]!r} is there twice"
    except json.JSONDecodeError as error:
        wrong = f"not JSON: {error.msg} at column {error.colno}"
    except (ValueError, RecursionError) as error:
        wrong = f"not JSON: {str(error)[:200]}"
    else:
        if isinstance(found, dict):
            return found
        wrong = f"{kind(found)}, not an object"
    raise SourceError(
        f"{place}: {wrong}",
        expected='one JSON object with distinct keys, such as {"text": "…", "label": "ham"}',
        fix="repair the line",
    )
