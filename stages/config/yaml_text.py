"""YAML of people: bounded before it is expanded, each key once and a text."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from stages.config.credentials import shown_key
from stages.machine.errors import ConfigError
from stages.machine.redaction import cleaned, yaml_fault

# Our own files have some thousands of bytes, and a thousand paths of mail fit; this much is read in
# less than a second.
MOST_BYTES = 100_000
# Keys, values and items, where an alias counts as what it stands for, and levels of nesting.
MOST_NODES = 10_000
MOST_LEVELS = 30
_MERGE = "<<"
# Ten times as fast where the wheel carries it, as those for Linux do.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
# Of what the parser says, in characters: it quotes the text.
_MOST_WORDS = 300


def read_text(path: Path, *, fix: str) -> str:
    """Return the text of the file at `path`, at most `MOST_BYTES`.

    Raises:
        ConfigError: it is missing, too large, not a file or not UTF-8; `fix` is the way out.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(f"{path} is not a file", expected="a file of YAML", fix=fix)
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(
            f"no {path} in {Path.cwd()}", expected="the root of a clone", fix=fix
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}", expected="a file of YAML", fix=fix
        ) from error
    if len(content) > MOST_BYTES:
        raise ConfigError(
            f"{path} has more than {MOST_BYTES:,} bytes", expected="a smaller file", fix=fix
        )
    return _decoded(content, str(path), fix)


def parse(text: str | bytes, origin: str, *, fix: str) -> Any:
    """Return the content of a YAML text.

    Args:
        text: the YAML.
        origin: the file that it comes from, for the error.
        fix: the way out.

    Raises:
        ConfigError: it is not YAML, has a key twice or one that is not a text, or expands to more
            than `MOST_NODES` nodes or `MOST_LEVELS` levels.
    """
    if len(text) > MOST_BYTES:
        raise ConfigError(
            f"{origin} has more than {MOST_BYTES:,} bytes", expected="a smaller file", fix=fix
        )
    if isinstance(text, bytes):
        text = _decoded(text, origin, fix)
    try:
        _check_size(text)
        tree = yaml.load(text, Loader=_LOADER)  # noqa: S506 -- both are safe loaders
        _check_keys(tree)
    except _ExcessError as error:
        raise ConfigError(f"{origin}: {error}", expected="plain, small YAML", fix=fix) from None
    except yaml.YAMLError as error:
        # Its own words quote the file, which may hold a password.
        raise ConfigError(f"{origin}: {yaml_fault(error)}", expected="YAML", fix=fix) from error
    # What the constructors of dates, numbers and tags raise.
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        words = cleaned(str(error))[:_MOST_WORDS]
        raise ConfigError(
            f"{origin} has a date, a number or a tag that is not one: {words}",
            expected="YAML",
            fix=fix,
        ) from error
    return tree


def _decoded(content: bytes, origin: str, fix: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{origin}: {error}", expected="YAML", fix=fix) from error


class _ExcessError(Exception):
    """What YAML allows, and no file of ours has."""


@dataclass
class _Open:
    """A mapping or a list that has begun.

    Attributes:
        anchor: by which it may be meant later.
        keys: of a mapping: those so far; None for a list.
        nodes: how many it has with all below it, aliases expanded.
        is_key: whether the next node is a key.
    """

    anchor: str | None
    keys: set[str] | None
    nodes: int = 1
    is_key: bool = True


@dataclass
class _Measure:
    """Counts what a stream of parser events would become, without making it."""

    documents: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    opened: list[_Open] = field(default_factory=list)

    def take(self, event: yaml.Event) -> None:
        """Count one event."""
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise _ExcessError(f"a second document{_place(event)}")
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._turn(None, event)
                keys: set[str] | None = set() if isinstance(event, yaml.MappingStartEvent) else None
                self.opened.append(_Open(event.anchor, keys))
                if len(self.opened) > MOST_LEVELS:
                    raise _ExcessError(f"more than {MOST_LEVELS} levels{_place(event)}")
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                closed = self.opened.pop()
                self._count(closed.anchor, closed.nodes)
            case yaml.AliasEvent():
                self._turn(None, event)
                if event.anchor not in self.sizes:
                    # Its name may be a password that begins with a star.
                    raise _ExcessError(f"an alias of nothing before it{_place(event)}")
                self._count(None, self.sizes[event.anchor])
            case yaml.ScalarEvent():
                self._turn(event.value, event)
                self._count(event.anchor, 1)

    def _count(self, anchor: str | None, nodes: int) -> None:
        if anchor:
            self.sizes[anchor] = nodes
        if self.opened:
            self.opened[-1].nodes += nodes
        if (self.opened[-1].nodes if self.opened else nodes) > MOST_NODES:
            raise _ExcessError(f"more than {MOST_NODES:,} keys and values, aliases expanded")

    def _turn(self, text: str | None, event: yaml.NodeEvent) -> None:
        """Note that the next node of the innermost mapping has come: a key, or its value."""
        if not self.opened or (keys := self.opened[-1].keys) is None:
            return
        if self.opened[-1].is_key:
            if text is None:
                raise _ExcessError(f"a key that is not a text{_place(event)}")
            if text in keys and text != _MERGE:
                raise _ExcessError(f"{_named(text)} twice{_place(event)}")
            keys.add(text)
        self.opened[-1].is_key = not self.opened[-1].is_key


def _named(key: object) -> str:
    name = str(key)
    return f"the key {name[:60]}" if shown_key(name) == name else shown_key(name)


def _place(event: yaml.Event) -> str:
    return f" in line {event.start_mark.line + 1}" if event.start_mark else ""


def _check_size(text: str) -> None:
    measure = _Measure()
    for event in yaml.parse(text, Loader=_LOADER):
        measure.take(event)


def _check_keys(tree: object) -> None:
    for kind, key in scalars(tree):
        if kind == "key" and not isinstance(key, str):
            raise _ExcessError(f"{_named(key)} is not a text")


def scalars(tree: object) -> Iterator[tuple[Literal["key", "value"], object]]:
    """Yield each key below `tree`, and each value that is neither a mapping nor a list."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield "key", key
            yield from scalars(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from scalars(value)
    else:
        yield "value", tree
