"""Rows of a table to messages: columns to fields, label values to labels, dates to UTC."""

from __future__ import annotations

import datetime as dt
from typing import Any

from stages import config
from stages.machine.errors import SourceError, nearest
from stages.mail.characters import body_of, subject_of
from stages.mail.message import content_id
from stages.records.messages import HAM, SPAM


class Mapping:
    """Reads rows of a source by the column names and label values of its configuration.

    Args:
        columns: which column holds what.
        labels: how the source spells ham and spam.
        conf: the file that a user edits, for errors: `conf/source/files.yaml`.
    """

    def __init__(self, columns: config.Columns, labels: config.LabelValues, conf: str) -> None:
        self.conf = conf
        self._labels = {labels.ham: HAM, labels.spam: SPAM}
        named = {
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

    def message(self, row: dict[str, Any], source: str) -> dict[str, Any]:
        """Return the message of `row`; its date is left to `date` or to a clock."""
        subject, text = subject_of(self._text(row, "subject")), body_of(self._text(row, "text"))
        return {
            "id": content_id(source, subject, text),
            "subject": subject,
            "text": text,
            "label": self._label(row, source),
            "source": source,
        }

    def date(self, row: dict[str, Any], origin: str) -> dt.datetime | None:
        """Return when the message of `row` arrived: a timestamp, a date or ISO 8601; UTC.

        A date without a zone counts as UTC, an empty one as none.
        """
        value = row.get(self.fields["received_at"])
        if value is None or value == "":
            return None
        try:
            return _utc(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise SourceError(
                f"{origin} has {str(value)[:60]!r} in {self.fields['received_at']!r}",
                expected="a timestamp, or ISO 8601 as in 2002-08-19T10:00:00Z",
                fix=f"repair the file, or edit source.columns.received_at in {self.conf} "
                "and run `make params`",
            ) from error

    def _text(self, row: dict[str, Any], field: str) -> str:
        value = row.get(self.fields[field]) if field in self.fields else None
        if isinstance(value, bytes):
            # Some writers of Parquet do not say that a column of bytes is text.
            value = value.decode("utf-8", "replace")
        return value if isinstance(value, str) else "" if value is None else str(value)

    def _label(self, row: dict[str, Any], origin: str) -> str | None:
        value = self._text(row, "label")
        if value == "":
            return None
        if value not in self._labels:
            raise SourceError(
                f"{origin} has the label {value[:60]!r}{nearest(value, self._labels)}",
                expected=f"one of {', '.join(map(repr, self._labels))}, or none",
                fix=f"edit source.labels in {self.conf} and run `make params`",
            )
        return self._labels[value]


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
