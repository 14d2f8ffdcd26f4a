"""Made-up mail as large as is asked for, in a Parquet file that is written as it is made."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa

from stages.machine.parquet import write_parquet

# Words as frequent as in a language (Zipf), some of them a class's own; 2 KB of text a mail, and
# one mail in seven a copy of another with none, few or more of its words changed.
WORDS, OWN_WORDS, OWN_SHARE = 20_000, 400, 0.05
MEDIAN_WORDS, SPREAD = 400, 0.8
SPAM_SHARE, COPIED_SHARE, CHANGED_SHARE = 0.3, 0.15, 0.02
_ROWS = 1_000
_COLUMNS: dict[str, pa.DataType] = {
    "received_at": pa.timestamp("us", tz="UTC"),
    "subject": pa.string(),
    "text": pa.string(),
    "label": pa.string(),
}
_SCHEMA = pa.schema(_COLUMNS)


def write_mail(path: Path, messages: int, start: dt.date, days: int, *, seed: int) -> None:
    """Write `messages` rows in the order of time, evenly spread over `days` from `start` on."""
    begin = dt.datetime.combine(start, dt.time(), dt.UTC)
    step = dt.timedelta(days=days) / messages
    made = _Maker(np.random.default_rng(seed))
    batches = (
        made.batch([begin + number * step for number in range(first, min(first + _ROWS, messages))])
        for first in range(0, messages, _ROWS)
    )
    write_parquet(path, _SCHEMA, batches)


class _Maker:
    """Makes mail: words at random, some of them a class's own, and copies with words changed."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._words = np.array([_word(number) for number in range(WORDS)], dtype=object)
        shares = 1.0 / np.arange(10, WORDS + 10)
        self._edges = np.cumsum(shares / shares.sum())

    def batch(self, received: list[dt.datetime]) -> pa.RecordBatch:
        n, rng = len(received), self._rng
        spam = rng.random(n) < SPAM_SHARE
        lengths = np.clip(rng.lognormal(np.log(MEDIAN_WORDS), SPREAD, n), 10, 5_000).astype(int)
        texts = np.split(self._drawn(lengths, spam), np.cumsum(lengths)[:-1])
        for copy in np.flatnonzero(rng.random(n) < COPIED_SHARE).tolist():
            original = int(rng.integers(copy + 1))
            texts[copy], spam[copy] = self._changed(texts[original]), spam[original]
        columns = [
            received,
            [" ".join(self._words[text[:6]]) for text in texts],
            [" ".join(self._words[text]) for text in texts],
            np.where(spam, "spam", "ham").tolist(),
        ]
        arrays = [
            pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)
        ]
        return pa.record_batch(arrays, schema=_SCHEMA)

    def _drawn(self, lengths: np.ndarray, spam: np.ndarray) -> np.ndarray:
        """Return the words of all mails of a batch, one after the other."""
        total = int(lengths.sum())
        drawn = np.minimum(np.searchsorted(self._edges, self._rng.random(total)), WORDS - 1)
        own = self._rng.random(total) < OWN_SHARE
        first = np.repeat(np.where(spam, OWN_WORDS, 0), lengths)[own]
        drawn[own] = first + self._rng.integers(0, OWN_WORDS, len(first))
        return drawn

    def _changed(self, text: np.ndarray) -> np.ndarray:
        changed = self._rng.random(len(text)) < CHANGED_SHARE * self._rng.integers(0, 3)
        drawn = text.copy()
        drawn[changed] = self._rng.integers(0, WORDS, int(changed.sum()))
        return drawn


def _word(number: int) -> str:
    """Return a word of its own, the shorter the more frequent."""
    letters = "etaoinshrdlucmfw"
    word = letters[number % 16]
    while number := number // 16:
        word += letters[number % 16]
    return word * 2 if len(word) < 2 else word
