"""Streams of real mail with a change planted on a known day, as files for the `files` source.

Two streams: the SpamAssassin corpus in date order, and the same mail shuffled over the same days,
in which no week differs from another but by chance. Two changes: items of news feeds take the place
of ham (they are real mail of the corpus, all of it received after 23 September 2002, and taken out
of its own weeks), and letters of words in spam give way to look-alikes. Neither changes the share
of spam.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stages import config
from stages.machine.parquet import write_parquet
from stages.mail.sources import open_source
from stages.records.messages import HAM, MESSAGE_SCHEMA, SPAM

Mail = dict[str, Any]
COLUMNS = ("received_at", "subject", "text", "label")
_LOOK_ALIKES = str.maketrans("aeiosltAEIOSLT", "4310$1+43|0$1+")
_WORD = re.compile(r"[A-Za-z]{4,}")


@dataclass(frozen=True)
class Plant:
    """A stream until `end`; `order`: "dates" or "shuffled"; `share` of `kind` changes on `day`."""

    order: str
    kind: str
    share: float
    day: dt.date
    end: dt.date

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.order}-{self.kind}-{self.share:.0%}".replace("%", "")


def corpus(params: config.Params, start: dt.date, end: dt.date) -> tuple[list[Mail], list[Mail]]:
    """Return the mail of `[start, end)` without the feeds' items, and all of these, by date."""
    source = open_source(params.source, seed=params.seed)
    batches = source.batches(_midnight(start), _midnight(end + dt.timedelta(days=14)))
    mails = [row for batch in batches for row in batch.select(list(COLUMNS)).to_pylist()]
    mails.sort(key=lambda mail: (mail["received_at"], mail["subject"], mail["text"]))
    feed = [mail for mail in mails if _is_feed_item(mail)]
    others = [mail for mail in mails if not _is_feed_item(mail)]
    return [mail for mail in others if mail["received_at"] < _midnight(end)], feed


def planted(base: list[Mail], feed: list[Mail], plant: Plant, seed: int) -> list[Mail]:
    """Return the stream of `plant`: as many messages as `base` has by its end, at the same times.

    Args:
        base: by date.
        feed: what takes the place of ham.
        plant: which change.
        seed: of the shuffle and of what is changed.
    """
    rng = np.random.default_rng(seed)
    stream = [mail for mail in base if mail["received_at"] < _midnight(plant.end)]
    if plant.order == "shuffled":
        stream = _shuffled(stream, rng)
    first = sum(mail["received_at"] < _midnight(plant.day) for mail in stream)
    before, after = stream[:first], stream[first:]
    if plant.kind == "words":
        return before + [_disguised(mail, plant.share, rng) for mail in after]
    return before + _replaced(after, feed, plant.share, rng)


def _disguised(mail: Mail, share: float, rng: np.random.Generator) -> Mail:
    if mail["label"] != SPAM:
        return mail
    return mail | {"text": obfuscated(mail["text"], share, rng)}


def _replaced(
    mails: list[Mail], feed: list[Mail], share: float, rng: np.random.Generator
) -> list[Mail]:
    """Return `mails` with items of `feed`, each once, in the place of ham, a `share` of all."""
    ham = [n for n, mail in enumerate(mails) if mail["label"] == HAM]
    places = sorted(rng.permutation(ham)[: round(share * len(mails))].tolist())
    items = rng.permutation(len(feed))[: len(places)].tolist()
    found = dict(zip(places, items, strict=True))
    return [
        feed[found[n]] | {"received_at": mail["received_at"]} if n in found else mail
        for n, mail in enumerate(mails)
    ]


def obfuscated(text: str, share: float, rng: np.random.Generator) -> str:
    """Return `text` with look-alikes for letters in a `share` (0-1) of its words."""

    def changed(word: re.Match[str]) -> str:
        return word[0].translate(_LOOK_ALIKES) if rng.random() < share else word[0]

    return _WORD.sub(changed, text)


def write_stream(path: Path, stream: Iterable[Mail]) -> config.FilesSource:
    """Write `stream` to the Parquet file `path`; return the source that reads it."""
    import pyarrow as pa

    schema = pa.schema([MESSAGE_SCHEMA.field(name) for name in COLUMNS])
    write_parquet(path, schema, [pa.RecordBatch.from_pylist(list(stream), schema=schema)])
    columns = config.Columns("text", "label", "subject", "received_at")
    labels = config.LabelValues(HAM, SPAM)
    return config.FilesSource(
        "files", [str(path.resolve())], "parquet", columns, labels, clock=None
    )


def _shuffled(base: list[Mail], rng: np.random.Generator) -> list[Mail]:
    order = rng.permutation(len(base)).tolist()
    return [
        base[n] | {"received_at": mail["received_at"]} for n, mail in zip(order, base, strict=True)
    ]


def _is_feed_item(mail: Mail) -> bool:
    return bool(mail["label"] == HAM and mail["text"].startswith("URL: "))


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
