"""A table of the model's tokens: a text is the sum of its tokens' rows, about 100 times as fast.

Rows are whole numbers, so that sums, and the bytes of an embedding, are the same on any processor.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.cache import cache_dir
from stages.machine.console import note
from stages.machine.files import opened, replacing, sha256
from stages.model.engines import bert, distilled, exact, wordpiece

if TYPE_CHECKING:
    import numpy as np

    from stages import config

_DECIMALS = 6
# Rows that are summed at a time: the sums fit 32 bits, and a long text little memory.
_ROWS = 4_096
# So large, squares of 2**14 numbers add up to less than 2**63.
_BITS = 24
# What makes the table.
_OF_TABLE = (Path(distilled.__file__), Path(exact.__file__), Path(bert.__file__))


class Static:
    """BERT encoders, each as a table of its tokens; see `Engine`."""

    WEIGHTS = bert.WEIGHTS
    LIBRARIES: tuple[str, ...] = ("numpy", "safetensors", "scipy", "tokenizers")
    VARIABLES: tuple[str, ...] = ()
    CODE: tuple[Path, ...] = (Path(__file__), Path(wordpiece.__file__), *_OF_TABLE)
    PORTABLE = True

    def load(
        self, folder: Path, encoder: config.Encoder, *, workers: int | None = None
    ) -> StaticEncoder:
        """See `Engine`; the first time on a machine makes the table, in about a minute.

        The workers make the table. Texts take one: what is left to do is Python's own.
        """
        import joblib

        workers = workers or joblib.cpu_count()
        tokenizer = bert.read_tokenizer(folder, None)
        table = _table(folder, encoder, tokenizer.get_vocab_size(), workers)
        unknown = tokenizer.token_to_id("[UNK]") or 0
        words = wordpiece.Words(tokenizer)
        return StaticEncoder(words, table, unknown, encoder.max_chars, encoder.max_tokens)


@dataclass(frozen=True)
class StaticEncoder:
    """Tokenizer and table; see `Loaded`.

    Attributes:
        words: from text to the numbers of its tokens.
        table: a row for each token, `(tokens, dim) int16`.
        unknown: the number of the token that stands for what is not read.
        max_chars: longer texts are cut, and then
        max_tokens: to as many tokens; None for no such cut.
    """

    words: wordpiece.Words
    table: np.ndarray
    unknown: int
    max_chars: int
    max_tokens: int | None

    def encode(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        """Yield one L2-normalised `(dim,) float32` vector a text, in the order of `texts`."""
        for text in texts:
            numbers = self.words.numbers(text[: self.max_chars])
            yield _unit(self._sum(numbers[: self.max_tokens]))

    def _sum(self, ids: Sequence[int]) -> np.ndarray:
        import numpy as np

        total = np.zeros(self.table.shape[1], np.int64)
        for at in range(0, len(ids), _ROWS):
            total += self.table.take(ids[at : at + _ROWS], axis=0).sum(axis=0, dtype=np.int32)
        # A text without a token is as one that cannot be read.
        return total if total.any() else self.table[self.unknown]


def _unit(total: np.ndarray) -> np.ndarray:
    """Return the unit vector `(dim,) float32` of a sum.

    Whole numbers, one root and one division a number, which IEEE 754 rounds: the same anywhere.
    """
    import numpy as np

    total = total.astype(np.int64)
    total >>= max(0, int(np.abs(total).max()).bit_length() - _BITS)
    length = math.sqrt(int((total * total).sum())) or 1.0
    # A negative zero becomes a zero.
    vector: np.ndarray = (np.round(total / length, _DECIMALS) + 0.0).astype(np.float32)
    return vector


def _table(folder: Path, encoder: config.Encoder, tokens: int, workers: int) -> np.ndarray:
    """Return the table of the encoder in `folder`, `(tokens, dim) int16`: kept, or made and kept.

    Two processes at once make it once. Where it cannot be kept, it is made all the same.
    """
    from filelock import FileLock

    shape = tokens, encoder.dim
    path = cache_dir() / "static" / f"{_key(folder, encoder)[:16]}.table"
    if (kept := _read(path, shape)) is not None:
        return kept
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            if (kept := _read(path, shape)) is None:
                kept = _made(folder, encoder, workers)
                _write(path, kept)
    except OSError as error:
        note(f"static: the table cannot be kept in {path.parent} ({error})")
    return _made(folder, encoder, workers) if kept is None else kept


def _key(folder: Path, encoder: config.Encoder) -> str:
    """Return a digest of what the table is made of, and of the code that makes it."""
    files = [folder / bert.TOKENIZER, folder / bert.SHAPE, *_OF_TABLE]
    return hashlib.sha256("\n".join([encoder.sha256, *map(sha256, files)]).encode()).hexdigest()


def _made(folder: Path, encoder: config.Encoder, workers: int) -> np.ndarray:
    model = exact.Transformer.of(bert.read_bert(folder, encoder))
    told = 0

    def done(tokens: int, of: int) -> None:
        nonlocal told
        if (tenths := tokens * 10 // of) > told:
            told = tenths
            note(f"static: {tokens:,} of {of:,} tokens of {encoder.name} are in its table")

    return distilled.distil(model, workers=workers, done=done)


def _write(path: Path, table: np.ndarray) -> None:
    content = table.astype("<i2").tobytes()
    with replacing(path) as temporary:
        temporary.write_bytes(hashlib.sha256(content).digest() + content)


def _read(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """Return the table at `path`; None if there is none, or it is damaged or of another shape."""
    import numpy as np

    try:
        with opened(path) as stream:
            digest, content = stream.read(32), stream.read()
    except OSError:
        return None
    whole = hashlib.sha256(content).digest() == digest and len(content) == 2 * math.prod(shape)
    return np.frombuffer(content, "<i2").reshape(shape) if whole else None
