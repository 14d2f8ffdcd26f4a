"""Which messages belong to which split: labels, copies and samples decided."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages import config
from stages.mail.contradictions import contradictions
from stages.mail.duplicates import firsts_of_copies
from stages.mail.progress import shown, shown_rows
from stages.mail.runs import Places
from stages.mail.sampling import sample
from stages.mail.sources import MailSource
from stages.mail.spool import CODES, NO_LABEL, Spool
from stages.records.contradictions import Contradictions


@dataclass(frozen=True)
class Selection:
    """The messages of one split.

    Attributes:
        name: of the split.
        start: the midnight from which on its mail was received.
        end: the midnight before which it was.
        spool: what holds them.
        places: (n,) of each in the spool, in order.
        groups: (n,) the place of the first message of each one's group.
    """

    name: str
    start: dt.datetime
    end: dt.datetime
    spool: Spool
    places: Places
    groups: Places

    def count(self, label: str | None) -> int:
        """Return how many messages have `label`."""
        return int((self.spool.labels[self.places] == CODES.index(label)).sum())


class Cutter:
    """Cuts one window out of a source, and counts what it drops on the way.

    Args:
        source: where the mail comes from.
        window: its edges are midnight UTC.
        duplicates: what counts as a near duplicate.
        seed: of the permutations and of the sample.
        spools: a folder for temporary files, as large as the window's mail.

    Attributes:
        dropped: how many messages, a reason.
        contradictions: texts of the history with both labels.
    """

    def __init__(
        self,
        source: MailSource,
        window: config.Window,
        duplicates: config.Duplicates,
        seed: int,
        spools: Path,
    ) -> None:
        self._source, self._window, self._duplicates = source, window, duplicates
        self._seed, self._spools = seed, spools
        reasons = ("same_id", "unlabelled", "train_copies", "holdout_copies")
        self.dropped = Counter(dict.fromkeys((*reasons, "holdout_copies_of_train", "sample"), 0))
        self.contradictions = Contradictions()

    @contextmanager
    def history(self) -> Iterator[list[Selection]]:
        """Yield train and holdout."""
        start, until = _midnight(self._window.start), _midnight(self._window.until)
        edge = until - dt.timedelta(days=self._window.holdout_days)
        with self._spool("history", start, until) as spool:
            places = spool.order[spool.labels[spool.order] != NO_LABEL]
            self.dropped["unlabelled"] += len(spool.order) - len(places)
            # Sorted by time: all of train comes before all of holdout.
            trained = int((spool.received[places] < _microseconds(edge)).sum())
            first = self._firsts(spool, places)
            kept = self._learned(spool, places, first, trained)
            group = np.full(len(spool), -1, dtype=np.int32)
            group[places] = first
            self.contradictions = contradictions(spool, group, places[np.concatenate(kept)])
            train, holdout = (self._sampled(spool, places[ranks]) for ranks in kept)
            yield [
                Selection("train", start, edge, spool, train, places[group[train]]),
                Selection("holdout", edge, until, spool, holdout, places[group[holdout]]),
            ]

    @contextmanager
    def batch(self) -> Iterator[list[Selection]]:
        """Yield the batch."""
        start, end = _midnight(self._window.batch_from), _midnight(self._window.batch_to)
        with self._spool("batch", start, end) as spool:
            places = self._sampled(spool, spool.order)
            first = self._firsts(spool, places)
            yield [Selection("batch", start, end, spool, places, places[first])]

    @contextmanager
    def _spool(self, name: str, start: dt.datetime, end: dt.datetime) -> Iterator[Spool]:
        path = self._spools / f"{name}.sqlite"
        batches = shown_rows(self._source.batches(start, end), doing=f"reading {name}")
        spool = Spool(path, batches)
        try:
            self.dropped["same_id"] += spool.repeated
            yield spool
        finally:
            spool.close()
            path.unlink()

    def _firsts(self, spool: Spool, places: Places) -> Places:
        """Return for each of `places` the rank, in them, of the first message of its group."""
        texts = shown(spool.texts(places), doing="finding copies", total=len(places))
        return firsts_of_copies(texts, self._duplicates, seed=self._seed, folder=self._spools)

    def _learned(
        self, spool: Spool, places: Places, first: Places, trained: int
    ) -> tuple[Places, Places]:
        """Return the ranks that train and holdout keep; the first `trained` of all are train's."""
        ranks = np.arange(len(places), dtype=np.int32)
        # A group that train has a message of begins there.
        new = ranks[trained:][first[trained:] >= trained]
        train = _one_each(spool, places, first, ranks[:trained])
        holdout = _one_each(spool, places, first, new)
        self.dropped["train_copies"] += trained - len(train)
        self.dropped["holdout_copies_of_train"] += len(places) - trained - len(new)
        self.dropped["holdout_copies"] += len(new) - len(holdout)
        return train, holdout

    def _sampled(self, spool: Spool, places: Places) -> Places:
        limit = self._window.max_messages
        if limit is None or len(places) <= limit:
            return places
        kept = sample(spool.ids(places), spool.labels[places], limit, seed=self._seed)
        self.dropped["sample"] += len(places) - int(kept.sum())
        return places[kept]


def _one_each(spool: Spool, places: Places, first: Places, ranks: Places) -> Places:
    """Return, of each group of copies, the first one that has the label of the latest.

    So whoever changes their mind is heard, and no message gets the label of another one. Of
    copies of one moment, the source's last is the latest.

    Args:
        spool: the messages.
        places: of all, in order.
        first: the group of each of `places`.
        ranks: those to choose from, rising.
    """
    shared = np.bincount(first[ranks], minlength=len(places))[first[ranks]] > 1
    alone, ranks = ranks[~shared], ranks[shared]
    mine, group = places[ranks], first[ranks]
    # By group, and in it by time: the last of each group is its latest.
    order = np.lexsort((mine, spool.received[mine], group))
    last = np.flatnonzero(np.diff(group[order], append=-1))
    latest = np.zeros(len(places), dtype=np.int8)
    latest[group[order[last]]] = spool.labels[mine[order[last]]]
    agreeing = ranks[spool.labels[mine] == latest[group]]
    _, kept = np.unique(first[agreeing], return_index=True)
    return np.sort(np.concatenate([alone, agreeing[kept]]))


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _microseconds(date: dt.datetime) -> int:
    return (date - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
