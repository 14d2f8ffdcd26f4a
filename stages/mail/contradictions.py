"""Copies of one text that were labelled both ham and spam."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from stages.mail.spool import Spool
from stages.records.contradictions import MAX_NAMED, Contradiction, Contradictions
from stages.records.messages import HAM, SPAM

_EXCERPT_CHARS = 80


def contradictions(spool: Spool, groups: Mapping[str, str], kept: Sequence[int]) -> Contradictions:
    """Return the groups of copies that have both labels.

    Args:
        spool: the messages, repeated ids among them.
        groups: the group of each labelled id.
        kept: positions, one of each group: the copy that counts.
    """
    labelled: dict[str, set[str]] = defaultdict(set)
    for name, label in zip(spool.ids, spool.labels, strict=True):
        if label is not None:
            labelled[groups[name]].add(label)
    both = [place for place in kept if len(labelled[groups[spool.ids[place]]]) > 1]
    copies: dict[str, list[int]] = {groups[spool.ids[place]]: [] for place in both}
    for position, name in enumerate(spool.ids):
        if spool.labels[position] is not None and groups[name] in copies:
            copies[groups[name]].append(position)
    named = both[:MAX_NAMED]
    return Contradictions(
        len(both),
        tuple(
            _described(spool, place, copies[groups[spool.ids[place]]], text or subject)
            for place, (_, subject, text) in zip(named, spool.texts(named), strict=True)
        ),
    )


def _described(spool: Spool, place: int, copies: Sequence[int], text: str) -> Contradiction:
    label = spool.labels[place] or ""
    others = [spool.ids[copy] for copy in copies if spool.labels[copy] != label]
    return Contradiction(
        id=spool.ids[place],
        label=label,
        ham=sum(spool.labels[copy] == HAM for copy in copies),
        spam=sum(spool.labels[copy] == SPAM for copy in copies),
        against=tuple(others[:MAX_NAMED]),
        text=" ".join(text[:_EXCERPT_CHARS].split()),
    )
