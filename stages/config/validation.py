"""From the content of a YAML file to `Params`, or one line that names the mistake."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ArgsKwargs, ErrorDetails

from stages.config.credentials import is_address, refuse_credentials, shown_key
from stages.config.params import Params
from stages.machine.errors import ConfigError, nearest

_SCHEMA: TypeAdapter[Params] = TypeAdapter(Params)


def validate(tree: object, origin: str) -> Params:
    """Return `tree` as `Params`.

    Args:
        tree: the content of the YAML.
        origin: the file that it comes from, for the error: `"params.yaml"`.

    Raises:
        ConfigError: an unknown key (the nearest known one is named), a missing key, a wrong type
            or a value out of range; the first few are named in one line. Or a credential.
    """
    refuse_credentials(tree, origin)
    try:
        # As JSON: only then does strict validation accept mappings for dataclasses and strings for
        # dates. Compositions need not come from a file, so they may hold what JSON does not.
        content = json.dumps(tree, default=str, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise ConfigError(
            f"{origin} holds a value that is not one: {error}",
            expected="texts, numbers, lists and mappings",
            fix="edit conf/ and run `make params`",
        ) from None
    try:
        return _SCHEMA.validate_json(content)
    except ValidationError as error:
        faults = [_fault(item, tree) for item in error.errors(include_url=False)]
        raise ConfigError(
            f"{origin}: " + "; ".join(faults[:3]),
            expected="the keys, types and ranges of stages/config/",
            fix="edit conf/ and run `make params`",
        ) from error


def _fault(item: ErrorDetails, tree: object) -> str:
    path = [str(part) for part in item["loc"]]
    name = _cut(shown_key(".".join(_without_tags(path, tree)))) or "the whole file"
    match item["type"]:
        case "unexpected_keyword_argument" | "extra_forbidden":
            return f"unknown key {name}{nearest(path[-1], known_keys())}"
        case "missing" | "missing_argument":
            return f"{name} is missing"
    found = item.get("input")
    message = _cut(item["msg"].removeprefix("Value error, "), 2 * _SHOWN)
    if path == [] or not _is_plain(found):
        return f"{name}: {message}"
    return f"{name} is {shown(name, found)}: {message}"


def _is_plain(value: object) -> bool:
    """Return whether all of `value` may be shown: what is nested may be, or hold, an address."""
    values = value if isinstance(value, list) else [value]
    return not any(isinstance(item, dict | list | ArgsKwargs) for item in values)


def _without_tags(path: list[str], tree: object) -> list[str]:
    """Drop the union tags that pydantic puts into a location: they are not keys of the file."""
    kept: list[str] = []
    node = tree
    for part in path:
        if isinstance(node, dict) and part not in node and node.get("kind") == part:
            continue
        kept.append(part)
        node = node.get(part) if isinstance(node, dict) else None
    return kept


def known_keys() -> set[str]:
    """Return every key name of the schema."""
    found: set[str] = set()
    stack: list[Any] = [Params]
    while stack:
        kind = stack.pop()
        if is_dataclass(kind):
            for field in fields(kind):
                found.add(field.name)
            stack.extend(get_type_hints(kind, include_extras=False).values())
        else:
            stack.extend(get_args(kind))
    return found


def shown(key: str, value: object) -> str:
    """Return a value for people, unless it is an address, which may hold a password."""
    if is_address(key, value) and value:
        return "an address"
    try:
        return _cut(repr(value))
    except ValueError:
        # Python writes no whole number of more than 4,300 digits.
        return "a number too long to show"


# Of a value or a key in an error, in characters.
_SHOWN = 80


def _cut(text: str, most: int = _SHOWN) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
