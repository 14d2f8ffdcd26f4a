"""A number with its interval: how files have it, and the one way in which people read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Interval:
    """A number and both ends of its interval; each is None where it could not be computed.

    Formatted, it reads as people know it: `f"{loss:.2f}"` is `0.26 [0.04, 0.58]`.

    Attributes:
        value: the point estimate.
        low: the lower end.
        high: the upper end.
    """

    value: float | None
    low: float | None
    high: float | None

    def __format__(self, spec: str) -> str:
        """Return value and ends, each formatted by `spec` as a float would be."""
        value, low, high = (number_text(end, spec) for end in (self.value, self.low, self.high))
        return f"{value} [{low}, {high}]"


def number_text(number: float | None, spec: str) -> str:
    """Return `number` formatted by `spec`; "unknown" where it could not be computed."""
    return "unknown" if number is None else format(number, spec)


def plain_intervals(metrics: Mapping[str, Interval]) -> dict[str, dict[str, float | None]]:
    """Return intervals by name as JSON's plain values, for a file that is not a record."""
    return {name: asdict(interval) for name, interval in metrics.items()}
