"""The lines of a text file, numbered, in one encoding from the first to the last byte."""

from __future__ import annotations

import codecs
import io
import re
from typing import IO

from stages.machine.errors import SourceError
from stages.mail.sources.rows import Table

# Of one line, in characters: several long mails, escaped; a file without line ends must not be
# read whole.
MAX_LINE_CHARS = 67_108_864
_HANDLER = "spamline.mark"
# The low surrogates, which no decoder yields, stand for the first byte that means nothing.
_MARKS = 0xDC00
_MARK = re.compile("[\udc00-\udcff]")


class Lines:
    """An iterator over lines, each with its end; a context that closes the stream.

    Args:
        stream: the bytes.
        table: their encoding, and what an error says.

    Attributes:
        number: of the last line, from 1.

    Raises:
        SourceError: a line has bytes that are not of the encoding, or is too long.
    """

    def __init__(self, stream: IO[bytes], table: Table) -> None:
        codecs.register_error(_HANDLER, _mark)
        self._text = io.TextIOWrapper(stream, encoding=table.encoding, errors=_HANDLER, newline="")
        self._table = table
        self.number = 0

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        try:
            line = self._text.readline(MAX_LINE_CHARS)
        except UnicodeError as error:
            # UTF-16 without its mark, and codecs that cannot go on after a fault.
            raise SourceError(
                f"{self._table.line(self.number + 1)}: {error}",
                expected=f"{self._table.encoding}, as source.encoding says",
                fix=f"set source.encoding in {self._table.conf} to what the file is "
                "and run `make params`",
            ) from error
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == MAX_LINE_CHARS:
            raise SourceError(
                f"{self._table.line(self.number)}: more than {MAX_LINE_CHARS:,} characters",
                expected="a shorter line",
                fix="repair the file",
            )
        if not line.isascii() and (bad := _MARK.search(line)):
            raise self._undecodable(ord(bad[0]) - _MARKS)
        # Some editors begin a file with a byte order mark.
        return line.removeprefix("\ufeff") if self.number == 1 else line

    def _undecodable(self, byte: int) -> SourceError:
        encoding, conf = self._table.encoding, self._table.conf
        return SourceError(
            f"{self._table.line(self.number)}: the byte 0x{byte:02x} is not {encoding}",
            expected=f"{encoding}, as source.encoding says",
            fix=f"set source.encoding in {conf} to what the file is (Excel often writes "
            "windows-1252) and run `make params`",
        )


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return chr(_MARKS + error.object[error.start]), error.end
