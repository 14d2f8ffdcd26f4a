"""BERT in float64, rounded: the same bytes of an embedding on any processor.

Kernels of other processors, and of other versions of numpy, differ by about 5e-16 in a number of
float64; six decimals of it are the same but for one text in some millions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stages.model.engines import bert
from stages.model.engines.side_by_side import SideBySide

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

    from stages import config

_DECIMALS = 6


class Exact:
    """BERT encoders, run by numpy; see `Engine`."""

    WEIGHTS = bert.WEIGHTS
    LIBRARIES: tuple[str, ...] = ("numpy", "safetensors", "scipy", "tokenizers")
    VARIABLES: tuple[str, ...] = ()
    CODE: tuple[Path, ...] = (Path(__file__), Path(bert.__file__))
    PORTABLE = True

    def load(
        self, folder: Path, encoder: config.Encoder, *, workers: int | None = None
    ) -> SideBySide:
        """See `Engine`; the workers share the weights."""
        import joblib

        model = Transformer.of(bert.read_bert(folder, encoder))
        workers = workers or joblib.cpu_count()
        return SideBySide([model.embed] * workers, encoder.max_chars)


@dataclass(frozen=True)
class _Dense:
    """A product and a sum: `(n, k)` to `(n, m)`."""

    weight: np.ndarray  # (k, m)
    bias: np.ndarray  # (m,)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        out: np.ndarray = rows @ self.weight
        out += self.bias
        return out


@dataclass(frozen=True)
class _Norm:
    """Each row brought to mean 0 and variance 1, then scaled and moved."""

    weight: np.ndarray  # (dim,)
    bias: np.ndarray  # (dim,)
    epsilon: float

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        import numpy as np

        rows = rows - rows.mean(axis=1, keepdims=True)
        rows /= np.sqrt((rows * rows).mean(axis=1, keepdims=True) + self.epsilon)
        rows *= self.weight
        rows += self.bias
        return rows


@dataclass(frozen=True)
class _Layer:
    attend: _Dense  # To queries, keys and values, the queries scaled.
    merge: _Dense
    attended: _Norm
    widen: _Dense
    narrow: _Dense
    narrowed: _Norm
    heads: int

    def __call__(self, tokens: np.ndarray) -> np.ndarray:
        """Return the next layer's `(n, dim)` of this one's."""
        return self.finish(tokens, self._attention(tokens))

    def finish(self, tokens: np.ndarray, mixed: np.ndarray) -> np.ndarray:
        """Return the next layer's `(n, dim)` of this one's and of what its attention mixed."""
        tokens = self.attended(tokens + self.merge(mixed))
        return self.narrowed(tokens + self.narrow(_gelu(self.widen(tokens))))

    def _attention(self, tokens: np.ndarray) -> np.ndarray:
        import numpy as np

        n, dim = tokens.shape
        split = self.attend(tokens).reshape(n, 3, self.heads, dim // self.heads)
        queries, keys, values = split.transpose(1, 2, 0, 3)
        scores = queries @ keys.transpose(0, 2, 1)
        scores -= scores.max(axis=2, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=2, keepdims=True)
        mixed: np.ndarray = (scores @ values).transpose(1, 0, 2).reshape(n, dim)
        return mixed


@dataclass(frozen=True)
class Transformer:
    """BERT with its weights in float64: 173 MB for MiniLM."""

    tokenizer: Tokenizer
    words: np.ndarray  # (vocabulary, dim)
    positions: np.ndarray  # (longest, dim), with the type of a first sentence
    embedded: _Norm
    layers: tuple[_Layer, ...]

    @classmethod
    def of(cls, model: bert.Bert) -> Transformer:
        """Return the transformer of what was read from a folder."""
        read = _Reader(model)
        of_first_sentence = read.array("embeddings.token_type_embeddings.weight")[0]
        return cls(
            model.tokenizer,
            read.array("embeddings.word_embeddings.weight"),
            read.array("embeddings.position_embeddings.weight") + of_first_sentence,
            read.norm("embeddings.LayerNorm"),
            tuple(read.layer(f"encoder.layer.{number}") for number in range(model.layers)),
        )

    def embed(self, text: str) -> np.ndarray:
        """Return the L2-normalised `(dim,) float32` vector of `text`."""
        import numpy as np

        mean = self.tokens(self.tokenizer.encode(text).ids).mean(axis=0)
        vector = mean / np.sqrt((mean * mean).sum())
        # A negative zero becomes a zero.
        rounded: np.ndarray = (np.round(vector, _DECIMALS) + 0.0).astype(np.float32)
        return rounded

    def tokens(self, ids: list[int]) -> np.ndarray:
        """Return the last layer's `(n, dim) float64` of n tokens."""
        tokens = self.embedded(self.words[ids] + self.positions[: len(ids)])
        for layer in self.layers:
            tokens = layer(tokens)
        return tokens


@dataclass(frozen=True)
class _Reader:
    """Takes parts out of a model, in float64."""

    model: bert.Bert

    def array(self, name: str) -> np.ndarray:
        import numpy as np

        return self.model.tensors[name].astype(np.float64)

    def norm(self, name: str) -> _Norm:
        return _Norm(self.array(f"{name}.weight"), self.array(f"{name}.bias"), self.model.epsilon)

    def dense(self, *names: str, scale: float = 1.0) -> _Dense:
        """Return several products as one; the first of them is scaled."""
        import numpy as np

        scales = [scale] + [1.0] * (len(names) - 1)
        weights = [self.array(f"{n}.weight").T * s for n, s in zip(names, scales, strict=True)]
        biases = [self.array(f"{n}.bias") * s for n, s in zip(names, scales, strict=True)]
        weight = np.ascontiguousarray(np.concatenate(weights, axis=1))
        return _Dense(weight, np.concatenate(biases))

    def layer(self, name: str) -> _Layer:
        heads = self.model.heads
        of_head = self.array(f"{name}.attention.self.query.bias").size / heads
        projections = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        return _Layer(
            attend=self.dense(*projections, scale=of_head**-0.5),
            merge=self.dense(f"{name}.attention.output.dense"),
            attended=self.norm(f"{name}.attention.output.LayerNorm"),
            widen=self.dense(f"{name}.intermediate.dense"),
            narrow=self.dense(f"{name}.output.dense"),
            narrowed=self.norm(f"{name}.output.LayerNorm"),
            heads=heads,
        )


def _gelu(rows: np.ndarray) -> np.ndarray:
    """Return x times the normal distribution's share below x; `rows` is overwritten."""
    from scipy.special import erf

    share = rows * 0.5**0.5
    erf(share, out=share)
    share += 1.0
    share *= 0.5
    rows *= share
    return rows
