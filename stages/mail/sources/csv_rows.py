"""Rows of CSV files: as many fields as the header has, and every quote closed where it should be.

A quote within a quoted field is doubled (RFC 4180); a backslash is a character like any other.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import IO

from stages.machine.errors import SourceError
from stages.mail.sources.lines import Lines
from stages.mail.sources.rows import Row, Table

# The longest cell, in characters: a long mail; the library's default is 131,072.
MAX_CELL_CHARS = 16_777_216


def read_csv(stream: IO[bytes], columns: list[str], table: Table) -> Iterator[Row]:
    """Yield the rows of a CSV file with `columns`; empty lines are skipped.

    Raises:
        SourceError: a row has more or fewer fields than the header, a quote is not closed, two
            columns have one name, a needed one is missing, or a line is not in the encoding.
    """
    with Lines(stream, table) as lines:
        records = _records(lines, table)
        first, header = next(records, (1, []))
        _check_delimiter(header, first, table)
        table.check_names(header, str(table.line(first)))
        at = {column: header.index(column) for column in columns}
        # Spreadsheets end all lines with the delimiters of the longest: such columns have no name,
        # and what is in them has spilt over from the others.
        width = max((n for n, name in enumerate(header, start=1) if name), default=0)
        for number, fields in records:
            if not width <= len(fields) <= len(header) or any(fields[width:]):
                raise _wrong_width(number, fields, header[:width], table)
            yield Row(table.line(number), {column: fields[place] for column, place in at.items()})


def _records(lines: Lines, table: Table) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each record, and the line in which it begins."""
    csv.field_size_limit(MAX_CELL_CHARS)
    # The lines of the present record, to look into if it is broken.
    kept: list[str] = []
    reader = csv.reader(_kept(lines, kept), delimiter=table.delimiter, strict=True)
    while True:
        first = reader.line_num + 1
        kept.clear()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _broken(first, kept, error, table) from error
        if fields:
            yield first, fields


def _kept(lines: Lines, kept: list[str]) -> Iterator[str]:
    for line in lines:
        kept.append(line)
        yield line


def _check_delimiter(header: list[str], number: int, table: Table) -> None:
    others = [mark for mark in ",;\t|" if len(header) == 1 and mark in header[0]]
    if others and header[0] not in table.needed:
        raise SourceError(
            f"{table.line(number)}: one column, {header[0][:60]!r}",
            expected=f"columns with {table.delimiter!r} between them",
            fix=f"set source.delimiter in {table.conf} to {others[0]!r} and run `make params`",
        )


def _wrong_width(number: int, fields: list[str], named: list[str], table: Table) -> SourceError:
    last = max((n for n, field in enumerate(fields, start=1) if field), default=0)
    found = last if last > len(named) else len(fields)
    return SourceError(
        f"{table.line(number)}: {found} field{'s' * (found != 1)}",
        expected=f"{len(named)}, as in the header",
        fix=f'put a text that has a {table.delimiter!r} between quotes ("), or set '
        f"source.delimiter in {table.conf} and run `make params`",
    )


def _broken(first: int, record: list[str], error: csv.Error, table: Table) -> SourceError:
    """Return what is wrong with `record`, which begins in line `first`."""
    opened, closed, after = _last_quote(record, table.delimiter)
    if opened is None:
        found, number = str(error), first
    elif closed is None:
        within = f"not closed within {MAX_CELL_CHARS:,} characters"
        end = within if "limit" in str(error) else "never closed"
        found, number = f"a quote opened here is {end}", first + opened
    else:
        number = first + closed
        where = "" if opened == closed else f" of the field that opened in line {first + opened}"
        found = f"{after!r} follows the closing quote{where}"
    return SourceError(
        f"{table.line(number)}: {found}",
        expected=f'the closing quote before a {table.delimiter!r} or the end of the line, and "" '
        "for a quote in a quoted text (a backslash does not do it)",
        fix="repair the file",
    )


def _last_quote(record: list[str], delimiter: str) -> tuple[int | None, int | None, str]:
    """Return the lines (from 0) where the last quoted field opens and closes, and what follows."""
    opened = closed = None
    inside = False
    for number, line in enumerate(record):
        place = 0
        while place < len(line):
            if inside:
                quote = line.find('"', place)
                if quote < 0:
                    break
                place = quote + 2
                if line[quote + 1 : place] == '"':
                    continue
                inside, closed = False, number
                if line[quote + 1 : place] not in (delimiter, "\r", "\n", ""):
                    return opened, closed, line[quote + 1 : quote + 11].rstrip("\r\n")
            elif line[place] == '"':
                inside, opened, closed = True, number, None
                place += 1
            else:
                end = line.find(delimiter, place)
                place = len(line) if end < 0 else end + 1
    return opened, closed, ""
