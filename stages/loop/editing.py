"""Dates in a YAML file that people wrote are changed, and not a byte beside them.

A YAML library that writes the file anew keeps comments, but not how people aligned their lines.
So its parser only says where each date is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.errors import ConfigError
from stages.machine.redaction import yaml_fault

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, Node


def with_dates(text: str, block: str, dates: Mapping[str, dt.date], path: Path) -> str:
    """Return the YAML `text` with new `dates` in its mapping `block`.

    Args:
        text: the content of `path`.
        block: the key of the mapping, at the top of the file.
        dates: the new dates by key; each key has a date already.
        path: the file, for errors.

    Raises:
        ConfigError: it is not YAML, or has no date of its own under one of the keys.
    """
    places = dict(_dates(_mapping(text, path), block))
    if missing := sorted(dates.keys() - places.keys()):
        raise ConfigError(
            f"{path} names no date for {block}.{missing[0]}",
            expected=f"a mapping `{block}:` with {', '.join(dates)}, each a date",
            fix=f"correct {path}",
        )
    # From the end on, so that a replacement moves none of the places to come.
    for name in sorted(dates, key=lambda name: places[name].start_mark.index, reverse=True):
        start, end = places[name].start_mark.index, places[name].end_mark.index
        # Quotes stay as they are.
        written = text[start:end].replace(places[name].value, dates[name].isoformat())
        text = text[:start] + written + text[end:]
    return text


def _mapping(text: str, path: Path) -> MappingNode | None:
    """Return the mapping at the top of the YAML `text`, with the places of its parts."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.nodes import MappingNode

    try:
        document = YAML().compose(text)
    except YAMLError as error:
        raise ConfigError(
            f"{path} cannot be read: {yaml_fault(error)}",
            expected="a YAML file",
            fix=f"correct {path}",
        ) from error
    return document if isinstance(document, MappingNode) else None


def _dates(document: MappingNode | None, block: str) -> Iterator[tuple[str, Node]]:
    """Yield key and value of every date in the mapping `block` of `document`."""
    for key, mapping in document.value if document else []:
        if key.value != block or not isinstance(mapping.value, list):
            continue
        for name, value in mapping.value:
            # The value of an alias is elsewhere in the file, and other keys may share it.
            if value.start_mark.index > name.start_mark.index and _is_date(value.value):
                yield name.value, value


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
