"""Types that several sections share: strict dataclasses, bounded numbers, ranges and texts.

Every number has two bounds and every text a pattern. A bound is far beyond what helps, and below
what overflows a date, fills the memory or runs for days: a typo is one line instead.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, TypeVar

from pydantic import AfterValidator, ConfigDict, Field

# Unknown keys are errors, a number is not read from a string, and NaN is no number.
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
Fraction = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[float, Field(gt=0, le=100)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

# A count of messages, rows or characters; what is counted is on a disk of this machine.
Count = Annotated[int, Field(ge=1, le=10**9)]
# A length of time in days, up to a century: two of them from any `Day` are still dates.
Days = Annotated[int, Field(ge=1, le=36_525)]
# Of a text, before it is tokenized; a text of this length is ten long books.
Characters = Annotated[int, Field(ge=1, le=10**7)]
# There is no mail from before 1970, and a date plus any `Days` must be one that Python has.
Day = Annotated[dt.date, Field(ge=dt.date(1970, 1, 1), le=dt.date(2199, 12, 31))]

# No controls, no ends of lines, and nothing that turns the direction of writing: what is written on
# terminals, pages and in logs looks like what it is.
_UNSEEN = r"\p{Cc}\p{Zl}\p{Zp}\x{61c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}"
# What files of others call something: a column, a label.
Name = Annotated[str, Field(pattern=rf"^[^{_UNSEEN}]{{1,200}}$")]
# The longest path that Linux opens.
Address = Annotated[str, Field(pattern=rf"^[^{_UNSEEN}]{{1,4096}}$")]
# A commit: a branch or a tag may name other bytes tomorrow.
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
# A package that Python can import, not a module within one: finding that one would run its parents.
Package = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
# A folder within another: nothing in it begins with a dot, so no part leads out of it.
Folder = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$", max_length=200),
]
# `name` or `owner/name`, as the hub's client takes them.
HUB_NAME = r"^[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*(/[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*)?$"
HubName = Annotated[str, Field(pattern=HUB_NAME, max_length=96)]

Number = TypeVar("Number", int, float)


def rising(pair: list[Number]) -> list[Number]:
    """Return `pair`, unless its first number is above its second."""
    if pair[0] > pair[1]:
        raise ValueError("the first of the two must not be above the second")
    return pair


_PAIR = Field(min_length=2, max_length=2)
# Both ends of what is searched, on a log scale: six decades each way of 1 are more than any search.
Range = Annotated[list[Annotated[float, Field(ge=1e-6, le=1e6)]], _PAIR, AfterValidator(rising)]
# The same of counts: of trees, levels, leaves.
IntRange = Annotated[list[Annotated[int, Field(ge=1, le=10_000)]], _PAIR, AfterValidator(rising)]
# Shortest and longest; each length is another set of columns to count.
Ngrams = Annotated[list[Annotated[int, Field(ge=1, le=20)]], _PAIR, AfterValidator(rising)]
