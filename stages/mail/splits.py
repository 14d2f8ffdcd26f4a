"""Which messages belong to which split: labels, copies and samples decided."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from stages import config
from stages.mail.contradictions import contradictions
from stages.mail.duplicates import groups
from stages.mail.sampling import sample
from stages.mail.sources import MailSource
from stages.mail.spool import Spool
from stages.records.contradictions import Contradictions


@dataclass(frozen=True)
class Selection:
    """The messages of one split: positions in a spool, in order, and the group of each id."""

    name: str
    start: dt.datetime
    end: dt.datetime
    spool: Spool
    positions: list[int]
    groups: dict[str, str]

    def count(self, label: str | None) -> int:
        """Return how many messages have `label`."""
        return sum(self.spool.labels[position] == label for position in self.positions)


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

    def history(self) -> list[Selection]:
        """Return train and holdout."""
        start, until = _midnight(self._window.start), _midnight(self._window.until)
        edge = until - dt.timedelta(days=self._window.holdout_days)
        spool = self._spool("history", start, until)
        labelled = [position for position in spool.order if spool.labels[position] is not None]
        self.dropped["unlabelled"] += len(spool.order) - len(labelled)
        # Sorted by time: all of train comes before all of holdout.
        trained = sum(spool.received[position] < _microseconds(edge) for position in labelled)
        first = self._groups(spool, labelled)
        known = {first[spool.ids[position]] for position in labelled[:trained]}
        new = [place for place in labelled[trained:] if first[spool.ids[place]] not in known]
        train = self._one_each(spool, labelled[:trained], first)
        holdout = self._one_each(spool, new, first)
        self.dropped["train_copies"] += trained - len(train)
        self.dropped["holdout_copies_of_train"] += len(labelled) - trained - len(new)
        self.dropped["holdout_copies"] += len(new) - len(holdout)
        self.contradictions = contradictions(spool, first, [*train, *holdout])
        return [
            Selection("train", start, edge, spool, self._sampled(spool, train), first),
            Selection("holdout", edge, until, spool, self._sampled(spool, holdout), first),
        ]

    def batch(self) -> Selection:
        """Return the batch."""
        start, end = _midnight(self._window.batch_from), _midnight(self._window.batch_to)
        spool = self._spool("batch", start, end)
        positions = self._sampled(spool, spool.order)
        first = self._groups(spool, positions)
        return Selection("batch", start, end, spool, positions, first)

    def _spool(self, name: str, start: dt.datetime, end: dt.datetime) -> Spool:
        spool = Spool(self._spools / f"{name}.arrow", self._source.batches(start, end))
        self.dropped["same_id"] += spool.repeated
        return spool

    def _groups(self, spool: Spool, positions: list[int]) -> dict[str, str]:
        found = groups(spool.texts(positions), self._duplicates, seed=self._seed)
        return dict(zip((spool.ids[position] for position in positions), found, strict=True))

    def _one_each(self, spool: Spool, positions: list[int], groups: dict[str, str]) -> list[int]:
        """Return, of each group of copies, the first one that has the label of the latest.

        So whoever changes their mind is heard, and no message gets the label of another one. Of
        copies of one moment, the source's last is the latest.
        """
        latest: dict[str, int] = {}
        for place in sorted(positions, key=lambda place: (spool.received[place], place)):
            latest[groups[spool.ids[place]]] = place
        kept: dict[str, int] = {}
        for place in positions:
            group = groups[spool.ids[place]]
            if spool.labels[place] == spool.labels[latest[group]]:
                kept.setdefault(group, place)
        return list(kept.values())

    def _sampled(self, spool: Spool, positions: list[int]) -> list[int]:
        limit = self._window.max_messages
        if limit is None or len(positions) <= limit:
            return positions
        messages = [(spool.ids[position], spool.labels[position]) for position in positions]
        kept = sample(messages, limit, seed=self._seed)
        self.dropped["sample"] += len(positions) - len(kept)
        return [position for position in positions if spool.ids[position] in kept]


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _microseconds(date: dt.datetime) -> int:
    return (date - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
