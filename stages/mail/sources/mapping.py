"""Rows of a table to messages: columns to fields, label values to labels, dates to UTC."""

from __future__ import annotations

import datetime as dt
import re

from stages import config
from stages.machine.errors import SourceError, nearest
from stages.mail.characters import body_of, subject_of
from stages.mail.sources.rows import Row, kind
from stages.records.messages import HAM, SPAM

# Of an id of the user's: ids become arrays of equally long strings.
MAX_ID_CHARS = 200
_ID = re.compile(f"[^\x00-\x1f\x7f\ud800-\udfff]{{1,{MAX_ID_CHARS}}}")


class Mapping:
    """Reads rows of a source by the column names and label values of its configuration.

    Args:
        columns: which column holds what.
        labels: how the source spells ham and spam.
        conf: the file that a user edits, for errors: `conf/source/files.yaml`.
        encoding: of texts that come as bytes.
    """

    def __init__(
        self,
        columns: config.Columns,
        labels: config.LabelValues,
        conf: str,
        encoding: str = "utf-8",
    ) -> None:
        self.conf = conf
        self._encoding = encoding
        self._labels = {labels.ham: HAM, labels.spam: SPAM}
        named = {
            "id": columns.id,
            "text": columns.text,
            "label": columns.label,
            "subject": columns.subject,
            "received_at": columns.received_at,
        }
        self.fields = {field: column for field, column in named.items() if column is not None}

    def check(self, origin: str, found: list[str]) -> None:
        """Raise a SourceError unless every mapped column is among `found`."""
        for field, column in self.fields.items():
            if column not in found:
                columns = ", ".join(found) or "none"
                raise SourceError(
                    f"{origin} has the columns {columns}{nearest(column, found)}",
                    expected=f"a column {column!r} for source.columns.{field}",
                    fix=f"edit source.columns.{field} in {self.conf} and run `make params`",
                )

    def validate(self, row: Row) -> None:
        """Raise a SourceError unless `message` would take `row`; much faster, for rows left out."""
        self._text(row, "text")
        self._text(row, "subject")
        self._label(row)

    def message(self, row: Row, source: str) -> dict[str, object]:
        """Return the message of `row`; its date is left to `date` or to a clock, its id to `id`.

        Raises:
            SourceError: the text is missing, text or subject are not text, or the label is neither
                of the two.
        """
        return {
            "subject": subject_of(self._text(row, "subject")),
            "text": body_of(self._text(row, "text")),
            "label": self._label(row),
            "source": source,
        }

    def id(self, row: Row) -> str:
        """Return the user's own id of `row`: the text as it is, or a whole number.

        Raises:
            SourceError: it is missing, of another kind, longer than `MAX_ID_CHARS`, or has
                characters that no table can hold.
        """
        value = row.values.get(self.fields["id"])
        if isinstance(value, bytes):
            value = self._decoded(row, "id", value)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and _ID.fullmatch(value):
            return value
        raise self._refused(
            row, "id", f"1 to {MAX_ID_CHARS} characters without control characters, or a number"
        )

    def date(self, row: Row) -> dt.datetime | None:
        """Return when the message of `row` arrived: a timestamp, a date or ISO 8601; UTC.

        A date without a zone counts as UTC, an empty one as none.
        """
        value = row.values.get(self.fields["received_at"])
        if value is None or value == "":
            return None
        try:
            return _utc(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise SourceError(
                f"{row.place}: {str(value)[:60]!r} in {self.fields['received_at']!r}",
                expected="a timestamp, or ISO 8601 as in 2002-08-19T10:00:00Z",
                fix=f"repair the file, or edit source.columns.received_at in {self.conf} "
                "and run `make params`",
            ) from error

    def _text(self, row: Row, field: str) -> str:
        if field not in self.fields:
            return ""
        column = self.fields[field]
        if field == "text" and column not in row.values:
            raise SourceError(
                f"{row.place}: no {column!r}",
                expected="a text in each row; null or an empty one where a mail has none",
                fix=f"repair the file, or edit source.columns.text in {self.conf} "
                "and run `make params`",
            )
        value = row.values.get(column)
        if isinstance(value, bytes):
            # Some writers of Parquet do not say that a column of bytes is text.
            return self._decoded(row, field, value)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._refused(row, field, "text")
        return value

    def _decoded(self, row: Row, field: str, value: bytes) -> str:
        try:
            return value.decode(self._encoding)
        except UnicodeError as error:
            raise SourceError(
                f"{row.place}: bytes in {self.fields[field]!r} that are not {self._encoding}",
                expected=f"text in {self._encoding}",
                fix=f"repair the file, or edit source in {self.conf} and run `make params`",
            ) from error

    def _refused(self, row: Row, field: str, expected: str) -> SourceError:
        column = self.fields[field]
        return SourceError(
            f"{row.place}: {kind(row.values.get(column))} in {column!r}",
            expected=expected,
            fix=f"repair the file, or edit source.columns.{field} in {self.conf} "
            "and run `make params`",
        )

    def _label(self, row: Row) -> str | None:
        value = row.values.get(self.fields["label"]) if "label" in self.fields else None
        if value is None or value == "":
            return None
        if isinstance(value, bytes):
            value = self._decoded(row, "label", value)
        if not isinstance(value, str | int | float):
            raise self._refused(row, "label", f"one of {self._spelled()}, or none")
        # Numbers and true and false are spelled in conf/ as Python does: "1", "True".
        spelled = str(value)
        if spelled not in self._labels:
            raise SourceError(
                f"{row.place}: the label {spelled[:60]!r}{nearest(spelled, self._labels)}",
                expected=f"one of {self._spelled()}, or none",
                fix=f"repair the file, or edit source.labels in {self.conf} and run `make params`",
            )
        return self._labels[spelled]

    def _spelled(self) -> str:
        return ", ".join(map(repr, self._labels))


def _utc(value: object) -> dt.datetime:
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value.strip())
    elif not isinstance(value, dt.datetime):
        if not isinstance(value, dt.date):
            raise TypeError(f"{type(value).__name__} is not a date")
        value = dt.datetime.combine(value, dt.time())
    if value.tzinfo is None:
        value = value.replace(tzinfo=dt.UTC)
    return value.astimezone(dt.UTC)
