"""A BERT encoder as its folder has it: shape, tensors and tokenizer, read without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from stages.machine.errors import EncoderError

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

    from stages import config

Part = TypeVar("Part")

WEIGHTS = "model.safetensors"
TOKENIZER, SHAPE = "tokenizer.json", "config.json"
# Some write the whole model, with a head of another task.
_PREFIX = "bert."


@dataclass(frozen=True)
class Bert:
    """The transformer of Devlin et al. 2019, https://arxiv.org/abs/1810.04805.

    Attributes:
        layers: how many.
        heads: of attention, in each layer.
        epsilon: added to the variance where a layer is normalised.
        tensors: `float32`, by their names in the library transformers, without `bert.`.
        tokenizer: from text to the numbers of its tokens, as many as are read, and not padded.
    """

    layers: int
    heads: int
    epsilon: float
    tensors: Mapping[str, np.ndarray]
    tokenizer: Tokenizer


@checked(frozen=True)
class _Shape:
    """`config.json`: what of it changes the numbers, with the values that are implemented."""

    model_type: Literal["bert"]
    num_hidden_layers: int
    num_attention_heads: int
    layer_norm_eps: float
    hidden_act: Literal["gelu"] = "gelu"
    position_embedding_type: Literal["absolute"] = "absolute"


@checked(frozen=True)
class _Pooling:
    """`1_Pooling/config.json`: the mean over the tokens, and nothing else."""

    pooling_mode_mean_tokens: Literal[True]
    pooling_mode_cls_token: Literal[False] = False
    pooling_mode_max_tokens: Literal[False] = False
    pooling_mode_mean_sqrt_len_tokens: Literal[False] = False


@checked(frozen=True)
class _Length:
    """`sentence_bert_config.json`: tokens that are read where the configuration says nothing."""

    max_seq_length: int


def read_bert(folder: Path, encoder: config.Encoder) -> Bert:
    """Read the encoder in `folder`, its weights verified.

    Raises:
        EncoderError: it is not a BERT model whose vectors are means over the tokens, or its
            vectors have another length than `encoder.dim`, or it takes fewer tokens than
            `encoder.max_tokens`.
    """
    from safetensors.numpy import load_file

    shape = _read(folder / SHAPE, TypeAdapter(_Shape))
    _read(folder / "1_Pooling" / "config.json", TypeAdapter(_Pooling))
    longest = _read(folder / "sentence_bert_config.json", TypeAdapter(_Length)).max_seq_length
    stored = load_file(folder / WEIGHTS)
    tensors = {name.removeprefix(_PREFIX): values for name, values in stored.items()}
    _check_dim(tensors["embeddings.word_embeddings.weight"].shape[1], encoder)
    check_tokens(len(tensors["embeddings.position_embeddings.weight"]), encoder)
    return Bert(
        shape.num_hidden_layers,
        shape.num_attention_heads,
        shape.layer_norm_eps,
        tensors,
        read_tokenizer(folder, encoder.max_tokens or longest),
    )


def read_tokenizer(folder: Path, most: int | None) -> Tokenizer:
    """Read the tokenizer in `folder`; it reads at most `most` tokens, or all, and does not pad."""
    from tokenizers import Tokenizer

    tokenizer: Tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    if most is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(most)
    return tokenizer


def _read(path: Path, adapter: TypeAdapter[Part]) -> Part:
    try:
        return adapter.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise EncoderError(
            f"{path} is not of an encoder that this engine runs: {' '.join(str(error).split())}",
            expected="a BERT model with the mean over its tokens",
            fix="choose `engine: sentence_transformers` in conf/config.yaml and run `make params`",
        ) from None


def check_tokens(most: int, encoder: config.Encoder) -> None:
    """Raise an `EncoderError` unless the model has positions for the tokens that are read."""
    if encoder.max_tokens is not None and encoder.max_tokens > most:
        raise EncoderError(
            f"max_tokens is {encoder.max_tokens}",
            expected=f"at most {most}, which {encoder.name} can take",
            fix="edit max_tokens in conf/engine/ and run `make params`",
        )


def _check_dim(found: int, encoder: config.Encoder) -> None:
    if found != encoder.dim:
        raise EncoderError(
            f"{encoder.name} has {found} dimensions",
            expected=f"{encoder.dim} as conf/encoder says",
            fix="edit dim in conf/encoder/ and run `make params`",
        )
