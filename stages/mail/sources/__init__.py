"""Where mail comes from: each source yields batches of `MESSAGE_SCHEMA` for a window of time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from stages import config

if TYPE_CHECKING:
    from stages.compute import Cluster


@dataclass(frozen=True)
class Survey:
    """What a source holds, without a look into the bodies."""

    messages: int
    # Messages without a plausible date: they are in no window.
    undated: int
    # The first and the last date, UTC; None where no message has one.
    first: dt.datetime | None
    last: dt.datetime | None


class MailSource(Protocol):
    """A source of messages."""

    # Its name in conf/source/.
    kind: str
    # What it is and in which version, for people and for the summary; no path of this machine.
    description: str

    def survey(self) -> Survey:
        """Return what the source holds.

        Raises:
            SourceError: it is missing, corrupt or not of the declared layout.
        """
        ...

    def batches(self, start: dt.datetime, end: dt.datetime) -> Iterator[pa.RecordBatch]:
        """Yield the messages with `start <= received_at < end` (UTC), in no particular order.

        Yields:
            Batches of `MESSAGE_SCHEMA`, `group` null, of at most `BATCH_ROWS` messages.

        Raises:
            SourceError: as for `survey`, or a label that is neither ham nor spam.
        """
        ...


def open_source(source: config.Source, *, seed: int, cluster: Cluster | None = None) -> MailSource:
    """Return the source that `conf/source/` describes; nothing is read or fetched yet.

    Args:
        source: the `source` section of `params.yaml`.
        seed: of the order of messages where they have no dates.
        cluster: who parses raw mail, where this machine does not; tables hold nothing to parse.
    """
    match source:
        case config.SpamAssassinSource():
            from stages.mail.sources.spamassassin import SpamAssassinMail

            return SpamAssassinMail(source, cluster)
        case config.HuggingFaceSource():
            from stages.mail.sources.huggingface import HuggingFaceMail

            return HuggingFaceMail(source, seed=seed)
        case config.FilesSource():
            from stages.mail.sources.files import FilesMail

            return FilesMail(source, seed=seed)
