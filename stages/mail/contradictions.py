"""Copies of one text that were labelled both ham and spam."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stages.mail.runs import Places
from stages.mail.spool import CODES, NO_LABEL, Spool
from stages.records.contradictions import MAX_NAMED, Contradiction, Contradictions
from stages.records.messages import HAM, SPAM

_EXCERPT_CHARS = 80


def contradictions(spool: Spool, group: Places, kept: Places) -> Contradictions:
    """Return the groups of copies that have both labels.

    Args:
        spool: the messages, repeated ids among them.
        group: (n,), by place in the spool: the number of each labelled message's group; -1 for
            those that have none.
        kept: places, one of each group: the copy that counts.
    """
    of_each = np.where(spool.labels == NO_LABEL, -1, group[spool.same_id]).astype(np.int32)
    both = np.ones(len(spool), dtype=bool)
    for label in (HAM, SPAM):
        found = np.zeros(len(spool), dtype=bool)
        found[of_each[(spool.labels == CODES.index(label)) & (of_each >= 0)]] = True
        both &= found
    named = kept[both[group[kept]]]
    return Contradictions(len(named), tuple(_described(spool, of_each, named[:MAX_NAMED])))


def _described(spool: Spool, group: Places, named: Places) -> Iterator[Contradiction]:
    for place, (subject, text) in zip(named.tolist(), spool.texts(named), strict=True):
        copies = np.flatnonzero(group == group[place])
        labels = spool.labels[copies]
        others = copies[labels != spool.labels[place]]
        yield Contradiction(
            id=spool.id(place),
            label=CODES[spool.labels[place]] or "",
            ham=int((labels == CODES.index(HAM)).sum()),
            spam=int((labels == CODES.index(SPAM)).sum()),
            against=tuple(spool.ids(others[:MAX_NAMED])),
            text=" ".join((text or subject)[:_EXCERPT_CHARS].split()),
        )
