"""Rows of tables, each with the place where a person finds it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, NamedTuple

from stages.machine.errors import SourceError


class Place(NamedTuple):
    """Where a row is: a file, and in it a line (of text) or a row, from 1."""

    file: str
    unit: str
    number: int

    def __str__(self) -> str:
        """Return it for people: `mail.csv, line 3`."""
        return f"{self.file}, {self.unit} {self.number}"


class Row(NamedTuple):
    """One row of a table; a key that a line of JSON does not have is not among the values."""

    place: Place
    values: Mapping[str, object]


@dataclass(frozen=True)
class Table:
    """What a reader needs to know of a file.

    Attributes:
        file: its path or address, for people.
        conf: the file that a user edits, for errors.
        encoding: of CSV and JSON Lines: a name that Python knows.
        delimiter: of CSV: one character.
        needed: the columns that it must have.
        check: raises an error that names what is missing in the columns found.
        keys: of JSON Lines: those found so far, in this file and in others of its source.
    """

    file: str
    conf: str
    encoding: str
    delimiter: str
    needed: Collection[str]
    check: Callable[[list[str]], None]
    keys: dict[str, None] = field(default_factory=dict)

    def line(self, number: int) -> Place:
        """Return the place of a line."""
        return Place(self.file, "line", number)

    def check_names(self, names: list[str], place: str) -> None:
        """Raise a SourceError if two columns have one name, or if one that is needed is missing."""
        for name, count in Counter(filter(None, names)).items():
            if count > 1:
                places = [str(n) for n, other in enumerate(names, start=1) if other == name]
                raise SourceError(
                    f"{place}: columns {' and '.join(places)} are both called {name!r}",
                    expected="a name for each column",
                    fix="rename or remove all but one",
                )
        self.check(names)


Reader = Callable[[IO[bytes], list[str], Table], Iterator[Row]]


def kind(value: object) -> str:
    """Return what `value` is, for people: `the number 5`, `a list`."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {str(value)[:60]}"
        case str():
            return f"the text {value[:60]!r}"
        case list():
            return "a list"
        case dict():
            return "an object"
    return f"a {type(value).__name__}"
