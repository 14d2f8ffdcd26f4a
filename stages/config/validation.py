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
        # dates.
        return _SCHEMA.validate_json(json.dumps(tree, default=str))
    except ValidationError as error:
        faults = [_fault(item, tree) for item in error.errors(include_url=False)]
        raise ConfigError(
            f"{origin}: " + "; ".join(faults[:3]),
            expected="the keys, types and ranges of stages/config/",
            fix="edit conf/ and run `make params`",
        ) from error


def _fault(item: ErrorDetails, tree: object) -> str:
    path = [str(part) for part in item["loc"]]
    name = shown_key(".".join(_without_tags(path, tree))) or "the whole file"
    match item["type"]:
        case "unexpected_keyword_argument" | "extra_forbidden":
            return f"unknown key {name}{nearest(path[-1], known_keys())}"
        case "missing" | "missing_argument":
            return f"{name} is missing"
    found = item.get("input")
    message = item["msg"].removeprefix("Value error, ")
    if isinstance(found, dict | ArgsKwargs):
        return f"{name}: {message}"
    return f"{name} is {shown(name, found)}: {message}"


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
    return "an address" if is_address(key, value) and value else repr(value)
