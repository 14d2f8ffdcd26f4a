"""The headline numbers, `data/evaluate/metrics.json`: what DVC puts side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from stages.machine.errors import DataError
from stages.records.document import read_document, write_document
from stages.records.layout import Layout


@dataclass(frozen=True)
class Headline:
    """What people compare of experiments, without intervals.

    Attributes:
        numbers: by the short names of `stages.model.metrics`; None where one could not be computed.
    """

    numbers: Mapping[str, float | None]

    def write(self, layout: Layout) -> None:
        """Write `layout.metrics`, rounded, whole or not at all."""
        write_document(_NUMBERS, layout.metrics, self.numbers)

    @classmethod
    def read(cls, layout: Layout) -> Headline:
        """Return the headline numbers of the last candidate.

        Raises:
            DataError: there are none, or the file holds something else.
        """
        numbers = read_document(
            _NUMBERS,
            layout.metrics,
            error=DataError,
            expected="the numbers that the evaluate stage writes",
            fix="dvc repro evaluate",
        )
        return cls(numbers)

    @classmethod
    def parse(cls, content: bytes) -> Headline:
        """Return the headline numbers in the bytes of such a file.

        Raises:
            ValueError: they hold something else.
        """
        return cls(_NUMBERS.validate_json(content))


_NUMBERS: TypeAdapter[Mapping[str, float | None]] = TypeAdapter(Mapping[str, float | None])
