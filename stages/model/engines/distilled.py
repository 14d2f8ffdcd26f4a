"""A table distilled from a BERT model: a row for each token of its vocabulary, in whole numbers.

As model2vec does it, https://github.com/MinishLab/model2vec: each token alone through the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from stages.model.engines.exact import Transformer

# Tokens that go through the model at a time.
_BATCH = 256
# Weights a / (a + p) of tokens of probability p: Arora et al. 2017, A Simple but Tough-to-Beat
# Baseline for Sentence Embeddings, https://openreview.net/forum?id=SyK00v5xx, with their a.
_SMOOTHING = 1e-3
# The largest number has as many binary digits. Kernels of other processors differ by about 1e-15:
# with steps so coarse, a number of MiniLM's eleven million is another with a chance of 1 in 40,000.
_DIGITS = 12


def distil(
    model: Transformer, *, workers: int, done: Callable[[int, int], None] = lambda *_: None
) -> np.ndarray:
    """Return a row for each token that the tokenizer of `model` knows: `(tokens, dim) int16`.

    Each is the mean of the last layer over `[CLS] token [SEP]`, centred, and weighted by how rare
    the token is. Principal axes, as in model2vec, would turn the rows and not change the angles
    between them; but where two axes are alike, the last bit of a number would choose between them.

    Args:
        model: the transformer, in float64.
        workers: batches of tokens that go through it side by side.
        done: called with the tokens that are done, and how many there are.
    """
    import numpy as np

    words = _words(model)
    rows = _through(model, len(words), workers, done)
    rows -= rows.mean(axis=0)
    rows *= _weights(words)[:, None]
    _, exponent = np.frexp(np.abs(rows).max())
    table: np.ndarray = np.rint(np.ldexp(rows, _DIGITS - exponent)).astype(np.int16)
    return table


def _words(model: Transformer) -> list[str]:
    """Return the vocabulary in the order of its numbers."""
    vocabulary = model.tokenizer.get_vocab()
    return sorted(vocabulary, key=vocabulary.__getitem__)


def _weights(words: Sequence[str]) -> np.ndarray:
    """Return the weight of each token, `(tokens,)`, with its probability by Zipf's law.

    A BERT vocabulary has marks in brackets, then single characters, then words and parts of words
    by how frequent they are. So the rank is among the words, and what is before them, above all
    punctuation, counts as frequent as the first.
    """
    import numpy as np

    is_word = [len(word) > 1 and not (word[0] == "[" and word[-1] == "]") for word in words]
    ranks = np.maximum(np.cumsum(is_word), 1)
    probabilities = 1 / (ranks * (1 / np.arange(1, ranks[-1] + 1)).sum())
    weights: np.ndarray = _SMOOTHING / (_SMOOTHING + probabilities)
    return weights


def _through(
    model: Transformer, n: int, workers: int, done: Callable[[int, int], None]
) -> np.ndarray:
    """Return what the model makes of each of `n` tokens alone, `(n, dim) float64`."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np
    from threadpoolctl import threadpool_limits

    made: list[np.ndarray] = []
    batches = [np.arange(at, min(at + _BATCH, n)) for at in range(0, n, _BATCH)]
    with ThreadPoolExecutor(workers) as pool, threadpool_limits(1):
        for rows in pool.map(lambda tokens: _alone(model, tokens), batches):
            made.append(rows)
            done(sum(map(len, made)), n)
    return np.concatenate(made)


def _alone(model: Transformer, tokens: np.ndarray) -> np.ndarray:
    """Return the mean of the last layer over `[CLS] token [SEP]`, `(n, dim)` of n tokens."""
    import numpy as np

    first, last = model.tokenizer.encode("").ids
    ids = np.stack(np.broadcast_arrays(first, tokens, last), axis=1)
    n, length = ids.shape
    rows = (model.words[ids] + model.positions[:length]).reshape(n * length, -1)
    rows = model.embedded(rows)
    for layer in model.layers:
        split = layer.attend(rows).reshape(n, length, 3, layer.heads, -1)
        rows = layer.finish(rows, _mixed(split).reshape(n * length, -1))
    mean: np.ndarray = rows.reshape(n, length, -1).mean(axis=1)
    return mean


def _mixed(split: np.ndarray) -> np.ndarray:
    """Return what each token attends to, from `(n, length, 3, heads, size)`."""
    import numpy as np

    queries, keys, values = split.transpose(2, 0, 3, 1, 4)
    scores = np.einsum("nhid,nhjd->nhij", queries, keys)
    scores -= scores.max(axis=3, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=3, keepdims=True)
    mixed: np.ndarray = np.einsum("nhij,nhjd->nihd", scores, values)
    return mixed
