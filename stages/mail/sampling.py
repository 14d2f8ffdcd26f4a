"""A seeded sample of messages that keeps the classes and does not depend on their order."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence


def sample(messages: Sequence[tuple[str, str | None]], limit: int, *, seed: int) -> set[str]:
    """Return the ids of at most `limit` messages, each label in its share and at least once.

    A message is in or out by a hash of the seed and its id.

    Args:
        messages: (id, label) of each; ids are distinct.
        limit: how many to keep; with fewer than there are labels, the rarest labels come first.
        seed: of the hash.
    """
    by_label: dict[str | None, list[str]] = defaultdict(list)
    for message_id, label in messages:
        by_label[label].append(message_id)
    kept: set[str] = set()
    rare_first = sorted(by_label.items(), key=lambda item: (len(item[1]), item[0] or ""))
    for number, (_, ids) in enumerate(rare_first, start=1):
        left = limit - len(kept)
        share = left if number == len(rare_first) else limit * len(ids) / len(messages)
        quota = min(left, max(1, round(share)))
        kept.update(sorted(ids, key=lambda message_id: _draw(seed, message_id))[:quota])
    return kept


def _draw(seed: int, message_id: str) -> bytes:
    return hashlib.sha256(f"{seed}:{message_id}".encode()).digest()
